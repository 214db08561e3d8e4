//! Ranges of addresses: what they contain, and the errors for ranges that cannot exist.

use nonblock_mm::mmu::{Event, Owner, PAGE_SIZE, Range, RangeError};

#[test]
fn ranges() {
    let range = Range::new(0x1000, 0x3000).unwrap();
    assert_eq!((range.start(), range.end(), range.len()), (0x1000, 0x3000, 0x2000));
    assert_eq!(range.event(), Event::Unmap);
    assert!(range.contains(0x1000) && range.contains(0x2fff));
    assert!(!range.contains(0xfff) && !range.contains(0x3000));
    for (other, overlaps) in [
        (0x0..0x1000, false),
        (0x0..0x2000, true),
        (0x2000..0x3000, true),
        (0x0..0x9000, true),
        (0x3000..0x4000, false),
    ] {
        let other = Range::try_from(other).unwrap();
        assert_eq!(
            (range.overlaps(&other), other.overlaps(&range)),
            (overlaps, overlaps),
            "{other}"
        );
    }
    let last = usize::MAX - PAGE_SIZE + 1;
    assert!(Range::new(0, last).is_ok());
    assert!(Range::with_len(last - PAGE_SIZE, PAGE_SIZE).is_ok());
}

/// Every pair of ranges within a few pages, against the pages that both have.
#[test]
fn intersections_and_pages() {
    let page = |page: usize| page * PAGE_SIZE;
    let all: Vec<_> = (0..6)
        .flat_map(|start| (start + 1..=6).map(move |end| (start, end)))
        .map(|(start, end)| Range::new(page(start), page(end)).unwrap())
        .collect();
    for one in &all {
        let pages: Vec<_> = one.pages().collect();
        assert!(pages.iter().all(|address| address % PAGE_SIZE == 0 && one.contains(*address)));
        assert_eq!((pages.len(), one.pages().len()), (one.len() / PAGE_SIZE, pages.len()));
        for other in &all {
            let both: Vec<_> = one.pages().filter(|address| other.contains(*address)).collect();
            let found = one.intersection(other);
            assert_eq!(found.is_some(), one.overlaps(other), "{one} and {other}");
            let found: Vec<_> = found.iter().flat_map(Range::pages).collect();
            assert_eq!(found, both, "{one} and {other}");
        }
    }

    let owner = Owner::new();
    let (mine, plain) = (all[5].with_owner(owner), all[0]);
    assert_eq!(mine.intersection(&plain).unwrap().owner(), Some(owner));
    assert_eq!(plain.intersection(&mine).unwrap().owner(), None);

    let whole = Range::whole();
    assert_eq!(whole.start(), 0);
    assert!(Range::with_len(whole.end(), PAGE_SIZE).is_err(), "nothing is left behind it");
    assert!(all.iter().all(|one| whole.intersection(one) == Some(*one)));
}

#[test]
fn bad_ranges_say_what_was_expected() {
    let cases = [
        (
            Range::new(0x1000, 0x1000),
            "the range at 0x1000 is empty: expected at least one page of 4096 bytes",
        ),
        (
            Range::with_len(0x1000, 0),
            "the range at 0x1000 is empty: expected at least one page of 4096 bytes",
        ),
        (Range::new(0x2000, 0x1000), "the range 0x2000..0x1000 is reversed: expected start < end"),
        (
            Range::new(0x1001, 0x3000),
            "start 0x1001 is not aligned to pages: expected a multiple of 4096",
        ),
        (
            Range::with_len(0x1001, 4096),
            "start 0x1001 is not aligned to pages: expected a multiple of 4096",
        ),
        (
            Range::new(0x1000, 0x2fff),
            "end 0x2fff is not aligned to pages: expected a multiple of 4096",
        ),
        (
            Range::with_len(0x1000, 5000),
            "a length of 5000 bytes is not a whole number of pages: expected a multiple of 4096",
        ),
    ];
    for (result, message) in cases {
        assert_eq!(result.unwrap_err().to_string(), message);
    }
    // From the last page on there is room for less than a page.
    let start = usize::MAX - 4095;
    let error = Range::with_len(start, 4096).unwrap_err();
    assert_eq!(error, RangeError::Overflow { start, len: 4096 });
    let tail = "ends beyond the last address: expected at most 0 bytes";
    assert_eq!(error.to_string(), format!("a range of 4096 bytes from {start:#x} {tail}"));
}

#[test]
fn errors_show_addresses_as_they_are_read() {
    let shown = [
        (Range::new(0x1000, 0x1000), "Empty { start: 0x1000 }"),
        (Range::new(0x2000, 0x1000), "Reversed { start: 0x2000, end: 0x1000 }"),
        (Range::new(0x1001, 0x3000), "UnalignedStart { start: 0x1001 }"),
        (Range::new(0x1000, 0x2fff), "UnalignedEnd { end: 0x2fff }"),
        (Range::with_len(0x1000, 5000), "UnalignedLen { len: 5000 }"),
        (
            Range::with_len(0x1000, usize::MAX / 4096 * 4096),
            &*format!("Overflow {{ start: 0x1000, len: {} }}", usize::MAX / 4096 * 4096),
        ),
    ];
    for (result, text) in shown {
        assert_eq!(format!("{:?}", result.unwrap_err()), text);
    }
}
