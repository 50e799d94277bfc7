//! Servers of the bench on this machine.

use std::net::SocketAddr;

use axum::{Router, serve::ListenerExt};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::Failure;

/// Serves at a free port until the task is ended. Small answers are not held back for more to send.
pub(crate) async fn serve(router: Router) -> Result<(SocketAddr, JoinHandle<()>), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let listener = listener.tap_io(|connection| {
        // A connection that cannot be told so is slower, and works.
        let _ = connection.set_nodelay(true);
    });
    let serving = tokio::spawn(async move {
        let _ = axum::serve(listener, router).await;
    });
    Ok((address, serving))
}
