use jiff::civil::date;
use proptest::{collection::vec, prelude::*, sample::Index};

use super::*;

const AT: Timestamp = Timestamp::constant(1_768_478_400, 0);

fn first_day() -> Date {
    date(2026, 1, 15)
}

fn record(number: usize) -> ChainRecord {
    ChainRecord::new(
        &format!("evt_{number}"),
        AT,
        &format!(r#"{{"n":{number}}}"#),
    )
}

/// The objects of a chain in their order, and the head behind them: segments of so many records, closed by the end of a day
/// where there are none.
fn chain(sizes: &[usize]) -> (Vec<Vec<u8>>, Head) {
    let mut place = Place::first(first_day());
    let (mut objects, mut last, mut number) = (Vec::new(), None, 0);
    for size in sizes {
        let sealed = match size {
            0 => place.close(place.day.tomorrow().unwrap()),
            size => {
                let records: Vec<_> = (0..*size).map(|one| record(number + one)).collect();
                number += size;
                place.seal(&records)
            }
        };
        place = sealed.head.next();
        last = Some(sealed.head);
        objects.push(sealed.text.into_bytes());
    }
    (objects, last.unwrap())
}

/// Reads objects one after the other, from the beginning to this head.
fn verify(objects: &[Vec<u8>], head: &Head) -> Result<Vec<ChainRecord>, String> {
    let mut place = Place::first(first_day());
    let (mut records, mut last) = (Vec::new(), None);
    for object in objects {
        let segment = place.read(object).map_err(|broken| broken.to_string())?;
        records.extend(segment.records);
        place = segment.head.next();
        last = Some(segment.head);
    }
    if last.as_ref() == Some(head) {
        Ok(records)
    } else {
        Err("the head is another".to_owned())
    }
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    vec(0_usize..4, 1..5)
}

proptest! {
    #[test]
    fn what_is_written_is_read(sizes in sizes()) {
        let (objects, head) = chain(&sizes);
        let total: usize = sizes.iter().sum();
        prop_assert_eq!(verify(&objects, &head), Ok((0..total).map(record).collect()));
    }

    #[test]
    fn any_record_is_read_as_it_was(id in ".*", text in ".*", seconds in 0_i64..7_258_118_400) {
        let at = Timestamp::from_second(seconds).unwrap();
        let records = [ChainRecord::new(&id, at, &text)];
        let place = Place::first(first_day());
        let sealed = place.seal(&records);
        let line = sealed.text.lines().nth(1).unwrap();
        prop_assert_eq!(line.len() + 1, records[0].octets());
        let read = place.read(sealed.text.as_bytes()).unwrap();
        prop_assert_eq!(&read.records[..], &records);
        prop_assert_eq!(read.head, sealed.head);
        prop_assert_eq!(&readable(sealed.text.as_bytes())[..], &records);
    }

    #[test]
    fn a_changed_octet_is_found(sizes in sizes(), object: Index, octet: Index, by in 1_u8..=255) {
        let (mut objects, head) = chain(&sizes);
        let object = object.index(objects.len());
        let octet = octet.index(objects[object].len());
        objects[object][octet] ^= by;
        prop_assert!(verify(&objects, &head).is_err());
    }

    #[test]
    fn a_removed_octet_is_found(sizes in sizes(), object: Index, octet: Index) {
        let (mut objects, head) = chain(&sizes);
        let object = object.index(objects.len());
        let octet = octet.index(objects[object].len());
        objects[object].remove(octet);
        prop_assert!(verify(&objects, &head).is_err());
    }

    #[test]
    fn a_removed_line_is_found(sizes in sizes(), object: Index, line: Index) {
        let (mut objects, head) = chain(&sizes);
        let object = object.index(objects.len());
        let mut lines = lines(&objects[object]);
        lines.remove(line.index(lines.len()));
        objects[object] = lines.concat().into_bytes();
        prop_assert!(verify(&objects, &head).is_err());
    }

    #[test]
    fn an_added_line_is_found(sizes in sizes(), object: Index, line: Index, place: Index) {
        let (mut objects, head) = chain(&sizes);
        let object = object.index(objects.len());
        let mut lines = lines(&objects[object]);
        let copied = lines[line.index(lines.len())].clone();
        lines.insert(place.index(lines.len() + 1), copied);
        objects[object] = lines.concat().into_bytes();
        prop_assert!(verify(&objects, &head).is_err());
    }

    #[test]
    fn lines_in_another_order_are_found(sizes in sizes(), object: Index, a: Index, b: Index) {
        let (mut objects, head) = chain(&sizes);
        let object = object.index(objects.len());
        let mut lines = lines(&objects[object]);
        let (a, b) = (a.index(lines.len()), b.index(lines.len()));
        prop_assume!(a != b);
        lines.swap(a, b);
        objects[object] = lines.concat().into_bytes();
        prop_assert!(verify(&objects, &head).is_err());
    }

    #[test]
    fn a_removed_segment_is_found(sizes in sizes(), object: Index) {
        let (mut objects, head) = chain(&sizes);
        objects.remove(object.index(objects.len()));
        prop_assert!(verify(&objects, &head).is_err());
    }

    #[test]
    fn an_added_segment_is_found(sizes in sizes(), object: Index, place: Index) {
        let (mut objects, head) = chain(&sizes);
        let copied = objects[object.index(objects.len())].clone();
        objects.insert(place.index(objects.len() + 1), copied);
        prop_assert!(verify(&objects, &head).is_err());
    }

    #[test]
    fn segments_in_another_order_are_found(sizes in sizes(), a: Index, b: Index) {
        let (mut objects, head) = chain(&sizes);
        let (a, b) = (a.index(objects.len()), b.index(objects.len()));
        prop_assume!(a != b);
        objects.swap(a, b);
        prop_assert!(verify(&objects, &head).is_err());
    }

    #[test]
    fn no_octets_make_the_reader_fail_otherwise(octets in vec(any::<u8>(), 0..200)) {
        let place = Place::first(first_day());
        prop_assert!(place.read(&octets).is_err());
        let _ = (readable(&octets), place.past(&octets), place.as_stated(&octets));
    }
}

/// With their ends.
fn lines(object: &[u8]) -> Vec<String> {
    let text = str::from_utf8(object).unwrap();
    text.split_inclusive('\n').map(str::to_owned).collect()
}

#[test]
fn a_segment_looks_like_this() {
    let sealed = Place::first(first_day()).seal(&[record(7)]);
    let (header, line) = sealed.text.split_once('\n').unwrap();
    let zeros = "0".repeat(64);
    assert_eq!(
        header,
        format!(r#"{{"segment":1,"day":"2026-01-15","previous":"{zeros}"}}"#)
    );
    let rest = r#""id":"evt_7","at":"2026-01-15T12:00:00Z","record":{"n":7}}"#;
    let hash = sha256(format!("{}{rest}", sha256(header.as_bytes())).as_bytes());
    assert_eq!(line, format!("{{\"hash\":\"{hash}\",{rest}\n"));
    assert_eq!(sealed.head.hash.to_string(), hash);
}

#[test]
fn the_end_of_a_day_names_the_next_one() {
    let place = Place::first(first_day());
    let closed = place.close(date(2026, 1, 20));
    let next = place.read(closed.text.as_bytes()).unwrap().head.next();
    assert_eq!(next.object(), "audit/2026-01-20/00000001.jsonl");
    let again = place.close(first_day());
    let broken = place.read(again.text.as_bytes()).unwrap_err();
    assert_eq!(broken.fault, Fault::Backwards(first_day()));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let place = Place::first(first_day());
    let sealed = place.seal(&[record(1), record(2)]);
    let changed = sealed.text.replace(r#"{"n":2}"#, r#"{"n":3}"#);
    let broken = place.read(changed.as_bytes()).unwrap_err();
    assert_eq!(broken.object, "audit/2026-01-15/00000001.jsonl");
    assert_eq!(broken.line, 3);
    let Fault::Other { what, found, .. } = &broken.fault else {
        panic!("{broken}");
    };
    assert_eq!((*what, found), ("hash", &sealed.head.hash.to_string()));
    let empty = place.seal(&[]);
    let broken = place.read(empty.text.as_bytes()).unwrap_err();
    assert_eq!(broken.fault, Fault::Empty);
}

#[test]
fn behind_a_broken_segment_the_chain_goes_on() {
    let place = Place::first(first_day());
    let sealed = place.seal(&[record(1), record(2)]);
    let changed = sealed.text.replace(r#"{"n":2}"#, r#"{"n":3}"#);
    assert_eq!(place.past(changed.as_bytes()), sealed.head.next());
    assert_eq!(readable(changed.as_bytes()).len(), 2);
    let next = sealed.head.next().seal(&[record(3)]);
    let unknown = Place {
        segment: 2,
        ..Place::first(first_day())
    };
    assert!(unknown.read(next.text.as_bytes()).is_err());
    let stated = unknown.as_stated(next.text.as_bytes());
    assert!(stated.read(next.text.as_bytes()).is_ok());
}

#[test]
fn what_is_no_object_in_one_line_is_kept_as_a_text() {
    for text in ["", "1", "{\"a\":\n1}", " {}", "{"] {
        let kept = ChainRecord::new("x", AT, text);
        assert_eq!(kept.text(), Value::from(text).to_string());
    }
    assert_eq!(
        ChainRecord::new("x", AT, r#"{"b":1,"a":2}"#).text(),
        r#"{"b":1,"a":2}"#
    );
}
