//! `MaySleep`: a value that is reached with a token only.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::rc::Rc;

use nonblock::ViolationKind::SleepInNonBlock;
use nonblock::testing::{expect_violation, violations};
use nonblock::{InUse, MaySleep, non_block, raw, sleepable};

#[test]
fn a_value_is_reached_and_taken_out() {
    static SHARED: MaySleep<u32> = MaySleep::new(5);

    sleepable(|cx| {
        assert_eq!(*SHARED.get(cx), 5);
        let mut list = MaySleep::from(vec![1]);
        list.get_mut(cx).push(2);
        cx.non_block(|_nb| assert_eq!(format!("{list:?}"), "MaySleep { .. }"));
        assert_eq!(list.into_inner(cx), [1, 2]);
        assert_eq!(MaySleep::<u8>::default().into_inner(cx), 0);
    });
}

#[test]
fn it_goes_to_other_threads_as_its_value_does() {
    fn assert_both<T: Send + Sync>() {}
    trait Neither<A> {
        fn is_neither() {}
    }
    impl<T> Neither<()> for T {}
    struct IsSend;
    impl<T: Send> Neither<IsSend> for T {}

    assert_both::<MaySleep<File>>();
    // Ambiguous, were it `Send`.
    <MaySleep<Rc<u8>> as Neither<_>>::is_neither();
}

#[test]
fn it_costs_nothing() {
    assert_eq!(size_of::<MaySleep<File>>(), size_of::<File>());
    // Checks keep the place beside the two borrows.
    assert!(
        size_of::<InUse<'_, File>>() <= 2 * size_of::<&mut File>() + size_of::<nonblock::Place>()
    );
}

#[test]
fn a_file_is_written_and_read_with_the_token_in_hand() -> io::Result<()> {
    let name = format!("may_sleep-{}.txt", std::process::id());
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut file = MaySleep::new(
        File::options().read(true).write(true).create(true).truncate(true).open(&path)?,
    );
    let found = violations(|| {
        raw::sleepable(|cx| {
            let mut file = file.with(cx);
            writeln!(file, "one")?;
            file.write_all(b"two\n")?;
            assert_eq!(file.write_vectored(&[IoSlice::new(b"three")])?, 5);
            file.flush()?;
            assert_eq!(file.stream_position()?, 13);
            file.seek(SeekFrom::Start(4))?;
            let mut text = String::new();
            file.read_to_string(&mut text)?;
            assert_eq!(text, "two\nthree");
            file.rewind()?;
            let mut start = [0; 3];
            file.read_exact(&mut start)?;
            assert_eq!(&start, b"one");
            let mut next = [0; 1];
            assert_eq!(file.read_vectored(&mut [IoSliceMut::new(&mut next)])?, 1);
            assert_eq!(&next, b"\n");
            let mut rest = Vec::new();
            assert_eq!(file.read_to_end(&mut rest)?, 9);
            io::Result::Ok(())
        })
        .unwrap();
        sleepable(|cx| drop(file.into_inner(cx)));
    });
    assert!(found.is_empty(), "{found:?}");
    std::fs::remove_file(path)
}

#[test]
fn lines_are_read_with_the_token_in_hand() {
    let mut lines = MaySleep::new(BufReader::new(Cursor::new("a\nb\n")));
    sleepable(|cx| {
        let mut line = String::new();
        assert_eq!(lines.with(cx).read_line(&mut line).unwrap(), 2);
        assert_eq!(line, "a\n");
        let lines: Result<Vec<_>, _> = lines.with(cx).lines().collect();
        assert_eq!(lines.unwrap(), ["b"]);
    });
}

type Operation = fn(&mut InUse<'_, Cursor<Vec<u8>>>);

#[test]
fn every_operation_of_what_is_in_use_is_reported_in_a_section() {
    let mut value = MaySleep::new(Cursor::new(vec![0; 9]));
    raw::sleepable(|cx| {
        let line = line!() + 1;
        let mut value = value.with(cx);
        let operations: [Operation; 12] = [
            |value| drop(value.read(&mut [0])),
            |value| drop(value.read_vectored(&mut [])),
            |value| drop(value.read_to_end(&mut Vec::new())),
            |value| drop(value.read_to_string(&mut String::new())),
            |value| drop(value.read_exact(&mut [])),
            |value| drop(value.fill_buf().map(<[u8]>::len)),
            |value| drop(value.write(&[1])),
            |value| drop(value.write_vectored(&[])),
            |value| drop(value.write_all(&[1])),
            |value| drop(value.flush()),
            |value| drop(value.seek(SeekFrom::Start(0))),
            |value| drop(value.stream_position()),
        ];
        for (number, operation) in operations.iter().enumerate() {
            // What the compiler does not see: a section that was opened without the token.
            let found = violations(|| non_block_in_disguise(|| operation(&mut value)));
            assert_eq!(found.len(), 1, "operation {number}: {found:?}");
            assert_eq!(found[0].kind(), SleepInNonBlock);
            assert_eq!((found[0].location().file(), found[0].location().line()), (file!(), line));
        }
    });
}

#[test]
fn what_the_standard_library_calls_is_reported_where_the_value_was_reached() {
    let mut value = MaySleep::new(Cursor::new(Vec::new()));
    let found = violations(|| {
        raw::sleepable(|cx| {
            non_block_in_disguise(|| {
                let _ = writeln!(value.with(cx), "up");
            });
        });
    });
    assert!(!found.is_empty());
    assert!(found.iter().all(|violation| violation.location().file() == file!()), "{found:?}");
}

fn non_block_in_disguise(f: impl FnOnce()) {
    raw::non_block(|_nb| f());
}

// Dropping.

/// Says when it is dropped.
struct Handle<'a>(&'a Cell<bool>);

impl Drop for Handle<'_> {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

#[test]
fn dropped_in_a_section_a_value_with_a_destructor_is_reported() {
    let closed = Cell::new(false);
    let handle = MaySleep::new(Handle(&closed));
    let violation = expect_violation(|| raw::non_block(|_nb| drop(handle)));
    assert_eq!(violation.kind(), SleepInNonBlock);
    assert!(closed.get());
}

/// The compiler's code that drops has the same place everywhere: that of the section tells one drop from another.
#[test]
fn a_drop_is_reported_where_its_section_began() {
    let closed = Cell::new(false);
    let handles = [(); 3].map(|()| MaySleep::new(Handle(&closed)));
    let mut lines = Vec::new();
    let found = violations(|| {
        let [first, second, third] = handles;
        lines.push(line!() + 1);
        raw::non_block(|_nb| drop(first));
        lines.push(line!() + 1);
        raw::non_block(|nb| nb.non_block(|_nb| drop(second)));
        lines.push(line!() + 1);
        raw::non_block_start();
        drop(third);
        raw::non_block_end();
    });
    let places: Vec<_> = found.iter().map(|violation| violation.location().line()).collect();
    assert_eq!(places, lines);
    assert!(found.iter().all(|violation| violation.location().file() == file!()), "{found:#?}");
}

#[test]
fn dropped_elsewhere_or_without_a_destructor_it_is_not() {
    let closed = Cell::new(false);
    let found = violations(|| {
        drop(MaySleep::new(Handle(&closed)));
        assert!(closed.replace(false));
        let taken = raw::sleepable(|cx| MaySleep::new(Handle(&closed)).into_inner(cx));
        assert!(!closed.get());
        raw::non_block(|_nb| drop(taken));
        assert!(closed.get());
        let plain = MaySleep::new(5);
        non_block(move |_nb| {
            let _dropped_here = plain;
        });
    });
    assert!(found.is_empty(), "{found:?}");
}
