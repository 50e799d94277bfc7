//! The accounts of the tenants, their groups and app roles, and the invitations that were sent.

mod page;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    clock,
    model::{Attributes, TenantKind},
};

pub use self::page::router;

/// All accounts. Each operation is atomic, and none but a search looks at every account.
#[derive(Debug, Default)]
pub struct Directory(Mutex<Accounts>);

/// One account.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Object id, a GUID.
    pub id: String,
    /// Each kind of tenant has a directory of its own; Graph's is the workforce tenant's.
    pub tenant: TenantKind,
    /// Unique in the tenant, without regard to case.
    pub user_principal_name: String,
    pub mail: Option<String>,
    /// `Guest` or `Member`.
    pub user_type: String,
    pub enabled: bool,
    /// Unique in the tenant by issuer and id.
    pub identities: Vec<Identity>,
    /// Every other property, built-in and custom, under its name on the wire.
    pub attributes: Attributes,
    pub created: Timestamp,
    pub source: Source,
}

impl Account {
    /// A property whose value is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).and_then(Value::as_str)
    }

    pub fn is_guest(&self) -> bool {
        same(&self.user_type, "Guest")
    }
}

/// An `objectIdentity` of Graph.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    pub sign_in_type: String,
    pub issuer: String,
    pub issuer_assigned_id: String,
}

/// What made an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The user flow of that id.
    SignUp(String),
    /// `POST /users`.
    Graph,
    /// `POST /invitations`.
    Invitation,
    /// The form on the directory page.
    Administrator,
}

/// What is to be created; the directory adds id and time.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAccount {
    pub tenant: TenantKind,
    pub user_principal_name: String,
    pub mail: Option<String>,
    pub user_type: String,
    pub enabled: bool,
    pub identities: Vec<Identity>,
    pub attributes: Attributes,
    pub source: Source,
}

/// The property that another account of the tenant has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    UserPrincipalName,
    Identities,
    ProxyAddresses,
}

impl Conflict {
    /// The property as Graph names it.
    pub const fn property(self) -> &'static str {
        match self {
            Self::UserPrincipalName => "userPrincipalName",
            Self::Identities => "identities",
            Self::ProxyAddresses => "proxyAddresses",
        }
    }
}

/// An app role of one application that an account has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppRole {
    /// Id of the assignment.
    pub id: String,
    /// Id of the application's service principal.
    pub resource_id: String,
    /// Id of the role.
    pub app_role_id: String,
    pub assigned: Timestamp,
}

/// Why a group or a role could not be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkError {
    NoAccount,
    AlreadyThere,
}

/// An account with everything that hangs on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub account: Account,
    /// Ids of groups.
    pub groups: BTreeSet<String>,
    /// In the order of their assignment.
    pub roles: Vec<AppRole>,
}

/// An invitation that can be accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Id of the guest's account.
    pub account_id: String,
    /// Where the guest goes then.
    pub redirect_url: String,
}

/// A part of the accounts that a search found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// Oldest first.
    pub accounts: Vec<Account>,
    /// Where the next page begins, if there is one.
    pub next: Option<u64>,
}

/// The property of an invited guest that tells whether the invitation was accepted.
pub const EXTERNAL_USER_STATE: &str = "externalUserState";
pub const PENDING_ACCEPTANCE: &str = "PendingAcceptance";
pub const ACCEPTED: &str = "Accepted";

impl Directory {
    /// Creates an account, unless one of the tenant with the same name, identity or address is there.
    pub fn create(&self, new: NewAccount) -> Result<Account, Conflict> {
        let account = Account {
            id: Uuid::new_v4().to_string(),
            tenant: new.tenant,
            user_principal_name: new.user_principal_name,
            mail: new.mail,
            user_type: new.user_type,
            enabled: new.enabled,
            identities: new.identities,
            attributes: new.attributes,
            created: clock::now(),
            source: new.source,
        };
        self.lock().insert(account.clone())?;
        Ok(account)
    }

    /// By object id, or by user principal name: of the workforce tenant, if it is there.
    pub fn get(&self, id: &str) -> Option<Account> {
        self.entry(id).map(|entry| entry.account)
    }

    /// The same with groups and roles.
    pub fn entry(&self, id: &str) -> Option<Entry> {
        let accounts = self.lock();
        let number = accounts.number(id)?;
        accounts.entries.get(&number).cloned()
    }

    pub fn by_mail(&self, tenant: TenantKind, address: &str) -> Option<Account> {
        self.lock().by_key(&Key::Mail(tenant, folded(address)))
    }

    pub fn by_identity(
        &self,
        tenant: TenantKind,
        issuer: &str,
        issuer_assigned_id: &str,
    ) -> Option<Account> {
        let key = Key::Identity(tenant, folded(issuer), folded(issuer_assigned_id));
        self.lock().by_key(&key)
    }

    /// Oldest first.
    pub fn all(&self) -> Vec<Account> {
        let accounts = self.lock();
        let entries = accounts.entries.values();
        entries.map(|entry| entry.account.clone()).collect()
    }

    /// Some of the newest accounts, newest first, and how many there are altogether.
    pub fn newest(&self, skip: usize, limit: usize) -> (Vec<Account>, usize) {
        let accounts = self.lock();
        let entries = accounts.entries.values().rev();
        let some = entries.skip(skip).take(limit);
        let some = some.map(|entry| entry.account.clone()).collect();
        (some, accounts.entries.len())
    }

    /// The oldest account for which that holds.
    pub fn find(&self, wanted: impl Fn(&Account) -> bool) -> Option<Account> {
        let accounts = self.lock();
        let mut all = accounts.entries.values().map(|entry| &entry.account);
        all.find(|account| wanted(account)).cloned()
    }

    /// At most `limit` accounts for which that holds, from the place where the page before ended.
    pub fn search(&self, from: u64, limit: usize, wanted: impl Fn(&Account) -> bool) -> Page {
        let accounts = self.lock();
        let found = accounts.entries.range(from..);
        let mut found = found.filter(|(_, entry)| wanted(&entry.account));
        Page {
            accounts: found
                .by_ref()
                .take(limit)
                .map(|(_, entry)| entry.account.clone())
                .collect(),
            next: found.next().map(|(&number, _)| number),
        }
    }

    /// Changes one account; nothing when there is none of that id, or when another account has its new name, identity
    /// or address.
    pub fn update(&self, id: &str, change: impl FnOnce(&mut Account)) -> Option<Account> {
        self.amend(id, change)?.ok()
    }

    /// The same, and tells what another account has already; then nothing was changed.
    pub fn amend(
        &self,
        id: &str,
        change: impl FnOnce(&mut Account),
    ) -> Option<Result<Account, Conflict>> {
        self.lock().amend(id, change)
    }

    pub fn remove(&self, id: &str) -> bool {
        self.lock().remove(id)
    }

    pub fn add_to_group(&self, id: &str, group_id: &str) -> Result<(), LinkError> {
        let mut accounts = self.lock();
        let entry = accounts.entry_mut(id).ok_or(LinkError::NoAccount)?;
        let added = entry.groups.insert(folded(group_id));
        added.then_some(()).ok_or(LinkError::AlreadyThere)
    }

    pub fn assign_role(
        &self,
        id: &str,
        resource_id: &str,
        app_role_id: &str,
    ) -> Result<AppRole, LinkError> {
        let mut accounts = self.lock();
        let entry = accounts.entry_mut(id).ok_or(LinkError::NoAccount)?;
        let (resource_id, app_role_id) = (folded(resource_id), folded(app_role_id));
        let mut roles = entry.roles.iter();
        if roles.any(|one| one.resource_id == resource_id && one.app_role_id == app_role_id) {
            return Err(LinkError::AlreadyThere);
        }
        let role = AppRole {
            id: Uuid::new_v4().to_string(),
            resource_id,
            app_role_id,
            assigned: clock::now(),
        };
        entry.roles.push(role.clone());
        Ok(role)
    }

    /// Keeps an invitation; its id opens it.
    pub fn invite(&self, invitation: Invitation) -> String {
        let id = Uuid::new_v4().to_string();
        self.lock().invitations.insert(id.clone(), invitation);
        id
    }

    pub fn invitation(&self, id: &str) -> Option<Invitation> {
        self.lock().invitations.get(id).cloned()
    }

    /// Marks the guest as one who accepted; nothing without such an invitation or account.
    pub fn accept(&self, invitation_id: &str) -> Option<Invitation> {
        let invitation = self.invitation(invitation_id)?;
        self.update(&invitation.account_id, |account| {
            let state = EXTERNAL_USER_STATE.to_owned();
            account.attributes.insert(state, ACCEPTED.into());
        })?;
        Some(invitation)
    }

    fn lock(&self) -> MutexGuard<'_, Accounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Accounts by the order of their creation, and where each is by what is unique.
#[derive(Debug, Default)]
struct Accounts {
    next: u64,
    entries: BTreeMap<u64, Entry>,
    numbers: HashMap<Key, u64>,
    invitations: HashMap<String, Invitation>,
}

/// What no two accounts of a tenant have in common, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Id(String),
    Name(TenantKind, String),
    Mail(TenantKind, String),
    Identity(TenantKind, String, String),
}

impl Key {
    fn all_of(account: &Account) -> Vec<Self> {
        let tenant = account.tenant;
        let mut keys = vec![
            Self::Id(folded(&account.id)),
            Self::Name(tenant, folded(&account.user_principal_name)),
        ];
        keys.extend(account.identities.iter().map(|one| {
            let (issuer, id) = (folded(&one.issuer), folded(&one.issuer_assigned_id));
            Self::Identity(tenant, issuer, id)
        }));
        keys.extend(
            account
                .mail
                .iter()
                .map(|mail| Self::Mail(tenant, folded(mail))),
        );
        keys
    }

    const fn conflict(&self) -> Conflict {
        match self {
            Self::Id(_) | Self::Name(..) => Conflict::UserPrincipalName,
            Self::Identity(..) => Conflict::Identities,
            Self::Mail(..) => Conflict::ProxyAddresses,
        }
    }
}

impl Accounts {
    fn number(&self, id: &str) -> Option<u64> {
        let id = folded(id);
        let tenants = [TenantKind::Workforce, TenantKind::B2c, TenantKind::External];
        let mut names = tenants
            .map(|tenant| Key::Name(tenant, id.clone()))
            .into_iter();
        let by_id = self.numbers.get(&Key::Id(id));
        by_id
            .or_else(|| names.find_map(|name| self.numbers.get(&name)))
            .copied()
    }

    fn by_key(&self, key: &Key) -> Option<Account> {
        let entry = self.entries.get(self.numbers.get(key)?)?;
        Some(entry.account.clone())
    }

    fn entry_mut(&mut self, id: &str) -> Option<&mut Entry> {
        let number = self.number(id)?;
        self.entries.get_mut(&number)
    }

    fn insert(&mut self, account: Account) -> Result<(), Conflict> {
        let keys = Key::all_of(&account);
        let number = self.next;
        self.check(&keys, number)?;
        self.next += 1;
        self.numbers
            .extend(keys.into_iter().map(|key| (key, number)));
        let entry = Entry {
            account,
            groups: BTreeSet::new(),
            roles: Vec::new(),
        };
        self.entries.insert(number, entry);
        Ok(())
    }

    /// Whether none of the keys belongs to an account other than that of the number.
    fn check(&self, keys: &[Key], own: u64) -> Result<(), Conflict> {
        let taken = |key: &&Key| self.numbers.get(key).is_some_and(|&number| number != own);
        keys.iter()
            .find(taken)
            .map_or(Ok(()), |key| Err(key.conflict()))
    }

    fn amend(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Account),
    ) -> Option<Result<Account, Conflict>> {
        let number = self.number(id)?;
        let entry = self.entries.get_mut(&number)?;
        let mut changed = entry.account.clone();
        change(&mut changed);
        let (before, after) = (Key::all_of(&entry.account), Key::all_of(&changed));
        if let Err(conflict) = self.check(&after, number) {
            return Some(Err(conflict));
        }
        for key in before {
            self.numbers.remove(&key);
        }
        self.numbers
            .extend(after.into_iter().map(|key| (key, number)));
        let entry = self.entries.get_mut(&number)?;
        entry.account = changed.clone();
        Some(Ok(changed))
    }

    fn remove(&mut self, id: &str) -> bool {
        let entry = self
            .number(id)
            .and_then(|number| self.entries.remove(&number));
        for key in entry.iter().flat_map(|entry| Key::all_of(&entry.account)) {
            self.numbers.remove(&key);
        }
        entry.is_some()
    }
}

/// Addresses and names of the directory do not differ by case.
pub fn same(one: &str, other: &str) -> bool {
    one.chars()
        .flat_map(char::to_lowercase)
        .eq(other.chars().flat_map(char::to_lowercase))
}

/// What two names have in common that are the same.
fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: TenantKind = TenantKind::Workforce;

    fn new(name: &str) -> NewAccount {
        NewAccount {
            tenant: KIND,
            user_principal_name: format!("{name}@contoso.onmicrosoft.com"),
            mail: Some(format!("{name}@example.com")),
            user_type: "Guest".to_owned(),
            enabled: true,
            identities: vec![Identity {
                sign_in_type: "federated".to_owned(),
                issuer: "google.com".to_owned(),
                issuer_assigned_id: name.to_owned(),
            }],
            attributes: Attributes::new(),
            source: Source::Graph,
        }
    }

    #[test]
    fn what_another_account_has_is_a_conflict_whatever_its_case() {
        let directory = Directory::default();
        directory.create(new("john")).unwrap();
        let mut other = new("jane");
        other.user_principal_name = "JOHN@contoso.onmicrosoft.com".to_owned();
        assert_eq!(directory.create(other), Err(Conflict::UserPrincipalName));
        let mut other = new("jane");
        other.identities = new("john").identities;
        assert_eq!(directory.create(other), Err(Conflict::Identities));
        let mut other = new("jane");
        other.mail = Some("John@Example.com".to_owned());
        assert_eq!(directory.create(other), Err(Conflict::ProxyAddresses));
        assert_eq!(directory.all().len(), 1);
        assert!(directory.create(new("jane")).is_ok());
    }

    #[test]
    fn each_kind_of_tenant_has_a_directory_of_its_own() {
        let directory = Directory::default();
        let mut customer = new("john");
        customer.tenant = TenantKind::External;
        let customer = directory.create(customer).unwrap();
        let guest = directory.create(new("john")).unwrap();
        let name = &guest.user_principal_name;
        assert_eq!(directory.get(name), Some(guest.clone()));
        assert!(directory.remove(&guest.id));
        assert_eq!(directory.get(name), Some(customer.clone()));
        assert_eq!(directory.by_mail(KIND, "john@example.com"), None);
        let found = directory.by_identity(TenantKind::External, "google.com", "john");
        assert_eq!(found, Some(customer));
    }

    #[test]
    fn an_account_is_found_by_all_that_is_unique_until_it_is_removed() {
        let directory = Directory::default();
        let john = directory.create(new("john")).unwrap();
        let found = || {
            [
                directory.get(&john.id.to_uppercase()),
                directory.get("John@contoso.onmicrosoft.com"),
                directory.by_mail(KIND, "JOHN@example.com"),
                directory.by_identity(KIND, "Google.com", "john"),
            ]
        };
        assert!(found().iter().all(|one| one.as_ref() == Some(&john)));
        assert!(directory.remove(&john.id));
        assert!(found().iter().all(Option::is_none));
        assert!(!directory.remove(&john.id));
        assert!(directory.create(new("john")).is_ok());
    }

    #[test]
    fn a_change_moves_what_the_account_is_found_by() {
        let directory = Directory::default();
        let john = directory.create(new("john")).unwrap();
        let changed = directory.update(&john.id, |account| {
            account.mail = Some("smith@example.com".to_owned());
        });
        assert_eq!(changed.unwrap().id, john.id);
        assert!(directory.by_mail(KIND, "john@example.com").is_none());
        assert_eq!(
            directory.by_mail(KIND, "smith@example.com").unwrap().id,
            john.id
        );
        assert!(directory.update("nobody", |_| {}).is_none());
    }

    #[test]
    fn a_change_to_what_another_account_has_changes_nothing() {
        let directory = Directory::default();
        let john = directory.create(new("john")).unwrap();
        directory.create(new("jane")).unwrap();
        let outcome = directory.amend(&john.id, |account| {
            account.mail = Some("jane@example.com".to_owned());
        });
        assert_eq!(outcome, Some(Err(Conflict::ProxyAddresses)));
        assert_eq!(directory.get(&john.id), Some(john));
    }

    #[test]
    fn pages_hold_each_account_once_although_some_are_removed_between_them() {
        let directory = Directory::default();
        let all: Vec<_> = (0..10)
            .map(|n| directory.create(new(&format!("user{n}"))).unwrap())
            .collect();
        let first = directory.search(0, 4, |_| true);
        assert_eq!(first.accounts, all[..4]);
        directory.remove(&all[1].id);
        directory.remove(&all[5].id);
        let second = directory.search(first.next.unwrap(), 4, |_| true);
        assert_eq!(second.accounts, [&all[4..5], &all[6..9]].concat());
        let last = directory.search(second.next.unwrap(), 4, |_| true);
        assert_eq!((last.accounts.as_slice(), last.next), (&all[9..], None));
    }

    #[test]
    fn ten_thousand_accounts_are_created_and_found() {
        let directory = Directory::default();
        for n in 0..10_000 {
            directory.create(new(&format!("user{n}"))).unwrap();
        }
        for n in 0..10_000 {
            assert!(
                directory
                    .by_mail(KIND, &format!("user{n}@example.com"))
                    .is_some()
            );
        }
        let (newest, count) = directory.newest(1, 2);
        let names: Vec<_> = newest.iter().map(|one| one.mail.as_deref()).collect();
        let expected = [Some("user9998@example.com"), Some("user9997@example.com")];
        assert_eq!((names.as_slice(), count), (expected.as_slice(), 10_000));
    }

    #[test]
    fn a_group_and_a_role_are_given_once() {
        let directory = Directory::default();
        let john = directory.create(new("john")).unwrap();
        let group = Uuid::new_v4().to_string();
        assert_eq!(directory.add_to_group(&john.id, &group), Ok(()));
        let again = directory.add_to_group(&john.id, &group.to_uppercase());
        assert_eq!(again, Err(LinkError::AlreadyThere));
        assert_eq!(
            directory.add_to_group("nobody", &group),
            Err(LinkError::NoAccount)
        );
        assert!(directory.assign_role(&john.id, &group, "a").is_ok());
        assert!(directory.assign_role(&john.id, &group, "b").is_ok());
        let again = directory.assign_role(&john.id, &group, "a");
        assert_eq!(again, Err(LinkError::AlreadyThere));
        let entry = directory.entry(&john.id).unwrap();
        assert_eq!((entry.groups.len(), entry.roles.len()), (1, 2));
    }
}
