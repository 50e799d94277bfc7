//! Approval requests: what a sign-up makes and corrects. What follows a decision is in [`store`].

mod lifetime;
mod store;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, builders::PutBuilder};

use super::{
    Table, by,
    items::{HistoryItem, IndexItem, Item, OctetsItem, RequestItem, StandingItem, encode},
    keys::Key,
    policies::built,
    transaction::put,
};
use crate::{
    domain::approval::{ApplicantKey, ApprovalRequest, HistoryEntry, RequestId, Sealed, Standing},
    ports::{
        Deadline, StoreError,
        approval_requests::{ApprovalRequests, Filed},
        request_store::RequestStore,
    },
};

#[async_trait]
impl ApprovalRequests for Table {
    async fn open(
        &self,
        request: &ApprovalRequest,
        applicant: &Sealed,
        seen: Option<&Standing>,
        deadline: Deadline,
    ) -> Result<Filed, StoreError> {
        let current = encode(&Key::request(&request.id), RequestItem::from(request))?;
        let mut writes = vec![
            put(self.take_standing(request, seen)?),
            put(self.create(current)?),
            put(self.new_entry(request, &request.opening())?),
            put(self.queued(request)?),
        ];
        writes.extend(self.new_edition(request, applicant)?);
        writes.extend(self.index_rows(request)?);
        self.file(request, writes, deadline).await
    }

    async fn find(
        &self,
        id: &RequestId,
        deadline: Deadline,
    ) -> Result<Option<ApprovalRequest>, StoreError> {
        by(deadline, self.request(id)).await
    }

    async fn correct(
        &self,
        next: &ApprovalRequest,
        entry: &HistoryEntry,
        applicant: &Sealed,
        deadline: Deadline,
    ) -> Result<Filed, StoreError> {
        let mut writes = self.next_version(next, entry)?;
        writes.extend(self.new_edition(next, applicant)?);
        self.file(next, writes, deadline).await
    }

    async fn standing(
        &self,
        applicant: &ApplicantKey,
        deadline: Deadline,
    ) -> Result<Option<Standing>, StoreError> {
        let key = Key::standing(applicant);
        let item = by(deadline, self.get::<StandingItem>(&key)).await?;
        item.map(|item| item.standing(&key)).transpose()
    }
}

impl Table {
    /// The item of a request in the queue of its state: what a bulk load into an empty table writes.
    pub fn queue_item_of(request: &ApprovalRequest) -> Result<Item, StoreError> {
        let key = Key::queued(request.state, &request.id);
        encode(&key, RequestItem::from(request))
    }

    async fn file(
        &self,
        request: &ApprovalRequest,
        writes: Vec<TransactWriteItem>,
        deadline: Deadline,
    ) -> Result<Filed, StoreError> {
        if self.transact(writes, deadline).await?.is_empty() {
            return Ok(Filed::Yes);
        }
        let standing = self.standing(&request.applicant, deadline).await?;
        // Whoever tries again after its answer got lost meets what it has written itself.
        Ok(if standing.as_ref() == Some(&request.standing()) {
            Filed::Yes
        } else {
            Filed::Overtaken(standing)
        })
    }

    /// The writes that every change of a request has in common, each with a condition but the last one.
    fn next_version(
        &self,
        next: &ApprovalRequest,
        entry: &HistoryEntry,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let current = encode(&Key::request(&next.id), RequestItem::from(next))?;
        Ok(vec![
            put(self.put_version(current, next.version.saturating_sub(1))?),
            put(self.new_entry(next, entry)?),
            put(self.keep_standing(next)?),
            put(self.queued(next)?),
        ])
    }

    /// The standing of a new request, on condition that the applicant's is still as it was seen.
    fn take_standing(
        &self,
        request: &ApprovalRequest,
        seen: Option<&Standing>,
    ) -> Result<Put, StoreError> {
        let Some(seen) = seen else {
            return self.create(standing_item(request)?);
        };
        let version = AttributeValue::N(seen.version.to_string());
        built(
            self.standing_of(
                request,
                &seen.request,
                "#request = :request AND version = :version",
            )?
            .expression_attribute_values(":version", version),
        )
    }

    /// The standing of a changed request, on condition that the applicant has no newer one.
    fn keep_standing(&self, request: &ApprovalRequest) -> Result<Put, StoreError> {
        built(self.standing_of(request, &request.id, "#request = :request")?)
    }

    fn standing_of(
        &self,
        request: &ApprovalRequest,
        before: &RequestId,
        condition: &str,
    ) -> Result<PutBuilder, StoreError> {
        Ok(Put::builder()
            .table_name(&self.name)
            .set_item(Some(standing_item(request)?))
            .condition_expression(condition)
            .expression_attribute_names("#request", "request")
            .expression_attribute_values(":request", AttributeValue::S(before.to_string())))
    }

    fn new_entry(
        &self,
        request: &ApprovalRequest,
        entry: &HistoryEntry,
    ) -> Result<Put, StoreError> {
        let item = HistoryItem::new(entry, request.kept_until());
        self.create(encode(&Key::history(&request.id, entry.version), item)?)
    }

    fn queued(&self, request: &ApprovalRequest) -> Result<Put, StoreError> {
        self.replace(Self::queue_item_of(request)?)
    }

    fn new_edition(
        &self,
        request: &ApprovalRequest,
        applicant: &Sealed,
    ) -> Result<[TransactWriteItem; 2], StoreError> {
        let sealed = Key::sealed(&request.id, request.edition);
        let sealed = encode(&sealed, OctetsItem::new(&applicant.octets))?;
        let key = Key::wrapped_key(&request.id, request.edition);
        let key = encode(&key, OctetsItem::new(&applicant.key.0))?;
        Ok([put(self.create(sealed)?), put(self.create(key)?)])
    }

    /// The rows under which a person's and a domain's requests are found.
    fn index_rows(&self, request: &ApprovalRequest) -> Result<Vec<TransactWriteItem>, StoreError> {
        let person = Key::request_of_person(&request.person, &request.id);
        let domain = request.domain.as_deref();
        let domain = domain.map(|domain| Key::request_of_domain(domain, &request.id));
        std::iter::once(person)
            .chain(domain)
            .map(|key| {
                let row = encode(&key, IndexItem::from(request))?;
                Ok(put(self.replace(row)?))
            })
            .collect()
    }
}

fn standing_item(request: &ApprovalRequest) -> Result<Item, StoreError> {
    encode(
        &Key::standing(&request.applicant),
        StandingItem::from(request),
    )
}
