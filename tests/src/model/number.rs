//! An atomic number that can be made in constants.

use loom::sync::atomic::{AtomicUsize, Ordering};

use super::lazy::Lazy;
use super::pool;

/// As the standard library's `AtomicUsize`. What the checker sees starts with 0, so this adds the number that it starts with.
#[derive(Debug)]
pub struct Number {
    more: Lazy<AtomicUsize>,
    start: usize,
}

/// Each as the function of this name in the standard library.
#[allow(clippy::missing_errors_doc, missing_docs, reason = "as in the standard library")]
impl Number {
    #[must_use]
    pub const fn new(value: usize) -> Self {
        Self { more: Lazy::new(pool::atomic), start: value }
    }

    #[track_caller]
    pub fn load(&self, order: Ordering) -> usize {
        self.from_seen(self.more.load(order))
    }

    #[track_caller]
    pub fn store(&self, value: usize, order: Ordering) {
        self.more.store(self.to_seen(value), order);
    }

    #[track_caller]
    pub fn swap(&self, value: usize, order: Ordering) -> usize {
        self.from_seen(self.more.swap(self.to_seen(value), order))
    }

    #[track_caller]
    pub fn compare_exchange(
        &self,
        current: usize,
        new: usize,
        success: Ordering,
        failure: Ordering,
    ) -> Result<usize, usize> {
        let (current, new) = (self.to_seen(current), self.to_seen(new));
        self.more
            .compare_exchange(current, new, success, failure)
            .map(|value| self.from_seen(value))
            .map_err(|value| self.from_seen(value))
    }

    #[track_caller]
    pub fn compare_exchange_weak(
        &self,
        current: usize,
        new: usize,
        success: Ordering,
        failure: Ordering,
    ) -> Result<usize, usize> {
        self.compare_exchange(current, new, success, failure)
    }

    #[track_caller]
    pub fn fetch_add(&self, value: usize, order: Ordering) -> usize {
        self.from_seen(self.more.fetch_add(value, order))
    }

    #[track_caller]
    pub fn fetch_sub(&self, value: usize, order: Ordering) -> usize {
        self.from_seen(self.more.fetch_sub(value, order))
    }

    #[track_caller]
    pub fn fetch_max(&self, value: usize, order: Ordering) -> usize {
        self.update(order, |now| now.max(value))
    }

    #[track_caller]
    pub fn fetch_min(&self, value: usize, order: Ordering) -> usize {
        self.update(order, |now| now.min(value))
    }

    #[track_caller]
    pub fn fetch_or(&self, value: usize, order: Ordering) -> usize {
        if self.start == 0 {
            return self.more.fetch_or(value, order);
        }
        self.update(order, |now| now | value)
    }

    #[track_caller]
    pub fn fetch_and(&self, value: usize, order: Ordering) -> usize {
        if self.start == 0 {
            return self.more.fetch_and(value, order);
        }
        self.update(order, |now| now & value)
    }

    #[track_caller]
    pub fn fetch_xor(&self, value: usize, order: Ordering) -> usize {
        if self.start == 0 {
            return self.more.fetch_xor(value, order);
        }
        self.update(order, |now| now ^ value)
    }

    #[track_caller]
    pub fn try_update(
        &self,
        set: Ordering,
        fetch: Ordering,
        mut change: impl FnMut(usize) -> Option<usize>,
    ) -> Result<usize, usize> {
        self.more
            .fetch_update(set, fetch, |seen| {
                change(self.from_seen(seen)).map(|new| self.to_seen(new))
            })
            .map(|value| self.from_seen(value))
            .map_err(|value| self.from_seen(value))
    }

    #[track_caller]
    fn update(&self, order: Ordering, change: impl Fn(usize) -> usize) -> usize {
        match self.try_update(order, Ordering::Relaxed, |now| Some(change(now))) {
            Ok(before) | Err(before) => before,
        }
    }

    fn from_seen(&self, value: usize) -> usize {
        value.wrapping_add(self.start)
    }

    fn to_seen(&self, value: usize) -> usize {
        value.wrapping_sub(self.start)
    }
}

impl Default for Number {
    fn default() -> Self {
        Self::new(0)
    }
}

/// As the standard library's `AtomicBool`.
#[derive(Debug, Default)]
pub struct Flag(Number);

/// Each as the function of this name in the standard library.
#[allow(clippy::missing_errors_doc, missing_docs, reason = "as in the standard library")]
impl Flag {
    #[must_use]
    pub const fn new(value: bool) -> Self {
        Self(Number::new(value as usize))
    }

    #[track_caller]
    pub fn load(&self, order: Ordering) -> bool {
        self.0.load(order) != 0
    }

    #[track_caller]
    pub fn store(&self, value: bool, order: Ordering) {
        self.0.store(value.into(), order);
    }

    #[track_caller]
    pub fn swap(&self, value: bool, order: Ordering) -> bool {
        self.0.swap(value.into(), order) != 0
    }

    #[track_caller]
    pub fn compare_exchange(
        &self,
        current: bool,
        new: bool,
        success: Ordering,
        failure: Ordering,
    ) -> Result<bool, bool> {
        self.0
            .compare_exchange(current.into(), new.into(), success, failure)
            .map(|was| was != 0)
            .map_err(|was| was != 0)
    }
}

/// Makes a number of another width.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident: $word:ty) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub struct $name(Number);

        /// Each as the function of this name in the standard library.
        #[allow(clippy::missing_errors_doc, missing_docs, reason = "as in the standard library")]
        impl $name {
            #[must_use]
            pub const fn new(value: $word) -> Self {
                Self(Number::new(value as usize))
            }

            /// What a word of the checker holds is what was stored there.
            fn narrow(value: usize) -> $word {
                value.try_into().expect("it was of this type")
            }

            #[track_caller]
            pub fn load(&self, order: Ordering) -> $word {
                Self::narrow(self.0.load(order))
            }

            #[track_caller]
            pub fn store(&self, value: $word, order: Ordering) {
                self.0.store(value as usize, order);
            }

            #[track_caller]
            pub fn swap(&self, value: $word, order: Ordering) -> $word {
                Self::narrow(self.0.swap(value as usize, order))
            }

            #[track_caller]
            pub fn fetch_add(&self, value: $word, order: Ordering) -> $word {
                Self::narrow(self.0.fetch_add(value as usize, order))
            }

            #[track_caller]
            pub fn fetch_max(&self, value: $word, order: Ordering) -> $word {
                Self::narrow(self.0.fetch_max(value as usize, order))
            }

            #[track_caller]
            pub fn fetch_or(&self, value: $word, order: Ordering) -> $word {
                Self::narrow(self.0.fetch_or(value as usize, order))
            }

            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $word,
                new: $word,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$word, $word> {
                self.0
                    .compare_exchange(current as usize, new as usize, success, failure)
                    .map(Self::narrow)
                    .map_err(Self::narrow)
            }

            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                current: $word,
                new: $word,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$word, $word> {
                self.compare_exchange(current, new, success, failure)
            }
        }
    };
}

number! {
    /// As the standard library's `AtomicU8`.
    Number8: u8
}
number! {
    /// As the standard library's `AtomicU32`.
    Number32: u32
}
number! {
    /// As the standard library's `AtomicU64`.
    Number64: u64
}
