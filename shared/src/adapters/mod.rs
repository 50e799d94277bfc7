//! The ports' other side: DynamoDB, Entra's key endpoints, Lambda, the system clock.

pub mod dynamodb;
pub mod entra_keys;
pub mod https;
pub mod lambda;
pub mod system_clock;
