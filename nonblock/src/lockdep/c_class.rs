//! Something that threads in C wait for: what C keeps of it.

use core::ffi::c_char;

#[cfg(feature = "lockdep")]
use super::observer;
#[cfg(feature = "lockdep")]
use crate::lock_graph::{ClassKey, GRAPH, Kind, Mode};
#[cfg(feature = "lockdep")]
use crate::primitive::{AtomicU32, Ordering};
#[cfg(feature = "lockdep")]
use crate::violation::CFile;
use crate::violation::Place;

/// Something that threads wait for, and the class of such things that it belongs to: C's `struct nonblock_class`.
#[derive(Debug)]
#[repr(C)]
pub struct CClass {
    /// The name of the class. Null: those that were used first at one place are of one class.
    name: *const c_char,
    /// As in a `ClassKey`. C writes 0 before anybody looks.
    #[cfg(feature = "lockdep")]
    id: AtomicU32,
    #[cfg(feature = "lockdep")]
    serial: AtomicU32,
}

macro_rules! observe {
    ($(#[$doc:meta])* $name:ident, |$key:ident, $place:ident| $observe:expr) => {
        $(#[$doc])*
        #[cfg_attr(not(feature = "lockdep"), expect(unused_variables, reason = "nobody looks"))]
        pub(crate) fn $name(&self, $place: Place) {
            #[cfg(feature = "lockdep")]
            {
                let $key = &self.key($place);
                $observe;
            }
            let _ = self;
        }
    };
}

impl CClass {
    /// Takes C's pointer for one.
    ///
    /// # Safety
    ///
    /// It points to such a struct, which was initialized before, and stays meanwhile. What changes it are only the functions here. The
    /// name is null, or a string that ends in a nul, is never changed, and is there for as long as the program runs.
    pub(crate) const unsafe fn of<'a>(object: *const Self) -> &'a Self {
        // SAFETY: the caller promises it.
        unsafe { &*object }
    }

    observe! {
        /// As [`Class::acquire`](super::Class::acquire), until [`release`](Self::release).
        acquire, |key, place| observer::acquire(key, Mode::Exclusive, place)
    }
    observe! {
        /// As [`Class::acquire_shared`](super::Class::acquire_shared), until [`release`](Self::release).
        acquire_shared, |key, place| observer::acquire(key, Mode::Shared, place)
    }
    observe! {
        /// As [`Class::try_acquired`](super::Class::try_acquired), until [`release`](Self::release).
        try_acquired, |key, place| observer::try_acquired(key, Mode::Exclusive, place)
    }
    observe! {
        /// As [`Class::wait`](super::Class::wait).
        wait, |key, place| observer::wait(key, place)
    }
    observe! {
        /// As [`Class::complete`](super::Class::complete).
        complete, |key, place| observer::complete(key, place)
    }
    observe! {
        /// As [`Class::region`](super::Class::region), until [`release`](Self::release).
        begin_region, |key, place| observer::enter_region(key, place)
    }

    /// The thread lets go of it, or comes to the end of the code that others wait for.
    pub(crate) fn release(&self) {
        #[cfg(feature = "lockdep")]
        observer::release(self.serial.load(Ordering::Relaxed));
        let _ = self;
    }

    /// Returns the key with the numbers that are kept here. They are found at the first call.
    #[cfg(feature = "lockdep")]
    fn key(&self, place: Place) -> ClassKey {
        // SAFETY: whoever had a reference made of C's pointer promised it.
        let name = unsafe { CFile::new(self.name) }.map(CFile::as_str);
        if self.serial.load(Ordering::Acquire) == 0 {
            let key = ClassKey::new(Kind::Class, name, place);
            GRAPH.id_of(&key);
            let (id, serial) = key.numbers();
            self.id.store(id, Ordering::Relaxed);
            // Several threads may see it at once: the first gives it the number.
            let (release, relaxed) = (Ordering::Release, Ordering::Relaxed);
            _ = self.serial.compare_exchange(0, serial, release, relaxed);
        }
        let (id, serial) = (self.id.load(Ordering::Relaxed), self.serial.load(Ordering::Relaxed));
        ClassKey::with_numbers(Kind::Class, name, place, id, serial)
    }
}
