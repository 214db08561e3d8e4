//! What a section may call of std and of other people's crates: the atlas, a table of what their operations did when they were
//! measured.
//!
//! [`operations`](super::operations) says what this library offers to a section. The atlas, `docs/ATLAS.md` of the repository, says what
//! others do: more than 200 operations of std and of 64 crates, in the versions that it names. It is made by `cargo run --release` in
//! `atlas/`, a workspace of its own.
//!
//! # What a verdict means
//!
//! | verdict | means |
//! |---|---|
//! | safe | From the first call on it takes no memory and gives none back, makes no system call that may block, and waits for nobody. |
//! | safe after first use on each thread | The same, but for a thread's first call: make one before the section. |
//! | safe after first use | The same, but for the first calls of the process, or with the object. |
//! | not safe | It does one of these, or gives the processor away. The last column says what to use instead. |
//!
//! It is a measurement and not a proof: another version, another allocator or a call with other arguments may do something else. What was
//! found not to be safe is not: it was seen.
//!
//! # How it is measured
//!
//! * Memory is counted in Rust's allocator, and in C's `malloc` beneath it and past it, which no global allocator sees.
//! * System calls are counted by name, by a filter of the kernel's. Which of them may block is what the [`watch`](crate#features) says of the
//!   same call in a section. It must have seen the memory too, or the atlas is not made.
//! * The first call in the process, the first of a thread, and thousands are told apart, each in a process of its own.
//! * A peer is stopped after each instruction of what it does, one after another, and the operation is called beside it: if it does not
//!   end, it waits. The same is done beside one that holds a guard and sleeps.
//! * Where a cache grows old, the clocks of the process are put forward.
//!
//! # To keep what is not safe out
//!
//! `atlas/clippy.toml`, beside `Cargo.toml`, has clippy find calls of what is not safe, each with what was measured. `docs/clippy.toml` has
//! the functions of std that block. A project has one `clippy.toml`: to use both, copy the second, and the lines of the first into its list
//! `disallowed-methods`. [`cargo nonblock check`](super::theorem) knows where some of these crates wait.
//!
//! # To add an operation
//!
//! Pin the crate in `atlas/Cargo.toml`, and describe the operation in `atlas/src/operations/`, a file for each crate: what is called, what
//! is done before and after it and does not count, which peers there are. `cargo run --release -- CRATE` measures one crate. A row that is
//! not safe must say what to use instead. Look at each row, and at the crate's source where it surprises.
