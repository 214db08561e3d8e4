//! Macros that define what several locks have in common, and what several guards have in common.
//!
//! They work over the types of `lock_api`. Functions that take a token are not made by these macros, but written out in the file
//! of each lock. A message of the compiler about a wrong token quotes the function, and then it quotes plain code.

/// Defines the functions of a lock that need no token. The last argument is the condition under which there is a default raw
/// lock.
///
/// Only the default raw lock has `new` and `From`. If every raw lock had them, the compiler could not tell which one
/// `Mutex::new(0)` means.
macro_rules! lock {
    ($name:ident<$bound:ident> of lock_api::$inner:ident, $has_default:meta) => {
        #[cfg($has_default)]
        impl<T> $name<T> {
            /// Makes an unlocked lock around a value.
            ///
            /// # Context
            ///
            /// May be called anywhere, in a `static` too.
            #[cfg_attr(feature = "lockdep", track_caller)]
            pub const fn new(value: T) -> Self {
                Self::with_raw(value)
            }
        }

        impl<T, R: $bound> $name<T, R> {
            /// Makes an unlocked lock around a value, over any raw lock: the type `R` says which.
            ///
            /// # Context
            ///
            /// May be called anywhere, in a `static` too.
            #[cfg_attr(feature = "lockdep", track_caller)]
            pub const fn with_raw(value: T) -> Self {
                Self {
                    class: $crate::lockdep::Class::of($crate::lockdep::Kind::$name),
                    inner: lock_api::$inner::new(value),
                }
            }

            /// Gives the lock's class a name: locks of one name are of one class, wherever they are made. See
            /// [`lockdep`](crate::lockdep).
            ///
            /// # Context
            ///
            /// May be called anywhere, in a `static` too.
            #[must_use = "it returns the lock"]
            pub const fn in_class(mut self, name: &'static str) -> Self {
                self.class.set_name(name);
                self
            }

            /// Takes the value out.
            ///
            /// # Context
            ///
            /// May be called anywhere: nobody else has the lock, so nobody holds it.
            pub fn into_inner(self) -> T {
                self.inner.into_inner()
            }
        }

        impl<T: ?Sized, R: $bound> $name<T, R> {
            /// Reaches the value through an exclusive borrow of the lock, without locking.
            ///
            /// # Context
            ///
            /// May be called anywhere.
            pub const fn get_mut(&mut self) -> &mut T {
                self.inner.get_mut()
            }

            /// Says whether somebody holds the lock. This may have changed by the time the caller looks at the answer.
            ///
            /// # Context
            ///
            /// May be called anywhere.
            pub fn is_locked(&self) -> bool {
                self.inner.is_locked()
            }
        }

        impl<T: Default, R: $bound> Default for $name<T, R> {
            #[cfg_attr(feature = "lockdep", track_caller)]
            fn default() -> Self {
                Self::with_raw(T::default())
            }
        }

        #[cfg($has_default)]
        impl<T> From<T> for $name<T> {
            #[cfg_attr(feature = "lockdep", track_caller)]
            fn from(value: T) -> Self {
                Self::new(value)
            }
        }
    };
}

/// Defines `is_locked_exclusive` for a lock that has readers and writers.
macro_rules! locked_exclusive {
    ($name:ident<$bound:ident>) => {
        impl<T: ?Sized, R: $bound> $name<T, R> {
            /// Says whether somebody holds the lock to write. This may have changed by the time the caller looks at the
            /// answer.
            ///
            /// # Context
            ///
            /// May be called anywhere.
            pub fn is_locked_exclusive(&self) -> bool {
                self.inner.is_locked_exclusive()
            }
        }
    };
}

/// Defines a guard: the one of `lock_api`, and the section that lasts as long as the lock is held.
///
/// The section is `Section` for a lock that is held in a section only, and `()` for one that may be held across a sleep.
macro_rules! guard {
    (
        $(#[$doc:meta])*
        $name:ident<$bound:ident = $default:path, [$has_default:meta]> of lock_api::$inner:ident<$raw:ty>,
        $section:ty $(, $deref_mut:ident)?
    ) => {
        $(#[$doc])*
        ///
        /// # If it is forgotten
        ///
        /// By [`mem::forget`](core::mem::forget) or the like, the lock stays held as it is, and whoever has to wait for that waits
        /// for ever. If it is a lock that is held in sections, the section stays open too, and the next sleep of the thread is
        /// reported.
        #[must_use = "the lock is released at once if its guard is not kept: bind it to a name, since `let _` releases it too"]
        pub struct $name<
            'a,
            T: ?Sized,
            #[cfg($has_default)] R: $bound = $default,
            #[cfg(not($has_default))] R: $bound,
        > {
            // The first field is dropped first, so the lock is released before the section ends.
            pub(super) inner: lock_api::$inner<'a, $raw, T>,
            // A guard that is forgotten leaves its section open, so that the next sleep is reported.
            pub(super) section: $section,
            pub(super) taken: $crate::lockdep::Taken<'a>,
        }

        impl<T: ?Sized, R: $bound> core::ops::Deref for $name<'_, T, R> {
            type Target = T;

            #[inline]
            fn deref(&self) -> &T {
                &self.inner
            }
        }

        $(impl<T: ?Sized, R: $bound> core::ops::$deref_mut for $name<'_, T, R> {
            #[inline]
            fn deref_mut(&mut self) -> &mut T {
                &mut self.inner
            }
        })?

        impl<T: ?Sized + core::fmt::Debug, R: $bound> core::fmt::Debug for $name<'_, T, R> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                (**self).fmt(f)
            }
        }

        impl<T: ?Sized + core::fmt::Display, R: $bound> core::fmt::Display for $name<'_, T, R> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                (**self).fmt(f)
            }
        }
    };
}

/// Defines `map` and `try_map` for a guard.
///
/// `mut` is for guards whose closures may change the value. The closures have another type then, so no trait can cover both.
macro_rules! map {
    ($guard:ident<$bound:ident> of lock_api::$inner:ident => $mapped:ident $(, $mutable:tt)?) => {
        impl<'a, T: ?Sized, R: $bound> $guard<'a, T, R> {
            /// Narrows the guard to a part of the value. The lock stays held.
            ///
            /// # Context
            ///
            /// Does not sleep. The closure runs with the lock held.
            ///
            /// # Examples
            ///
            #[doc = concat!("See [`", stringify!($mapped), "`].")]
            #[inline]
            pub fn map<U: ?Sized>(
                guard: Self,
                f: impl FnOnce(&$($mutable)? T) -> &$($mutable)? U,
            ) -> $mapped<'a, U, R> {
                $mapped {
                    inner: lock_api::$inner::map(guard.inner, f),
                    section: guard.section,
                    taken: guard.taken,
                }
            }

            /// Narrows the guard to a part of the value, if the closure finds it. The lock stays held.
            ///
            /// # Context
            ///
            /// Does not sleep. The closure runs with the lock held.
            ///
            /// # Errors
            ///
            /// The guard as it was, if the closure returns `None`.
            #[inline]
            pub fn try_map<U: ?Sized>(
                guard: Self,
                f: impl FnOnce(&$($mutable)? T) -> Option<&$($mutable)? U>,
            ) -> Result<$mapped<'a, U, R>, Self> {
                let Self { inner, section, taken } = guard;
                match lock_api::$inner::try_map(inner, f) {
                    Ok(inner) => Ok($mapped { inner, section, taken }),
                    Err(inner) => Err(Self { inner, section, taken }),
                }
            }
        }
    };
}

/// Defines `unlock_fair` for a guard.
macro_rules! unlock_fair {
    ($guard:ident<$bound:ident> of lock_api::$inner:ident) => {
        impl<T: ?Sized, R: $bound> $guard<'_, T, R> {
            /// Releases the lock for a waiter, if there is one: whoever comes to wait gets behind it.
            ///
            /// When a guard is dropped, whoever comes first takes the lock. A thread that
            /// releases the lock and soon takes it again often comes first, and the waiters starve. With this they get their turn.
            /// Over the raw locks of this crate, who only tries to take the lock, and does not wait, can still come first.
            ///
            /// # Context
            ///
            /// Does not sleep.
            #[inline]
            pub fn unlock_fair(guard: Self) {
                lock_api::$inner::unlock_fair(guard.inner);
            }
        }
    };
}

/// Defines `downgrade` for the guard of a writer.
macro_rules! downgrade {
    ($guard:ident => $reader:ident, $($bound:tt)+) => {
        impl<'a, T: ?Sized, R: $($bound)+> $guard<'a, T, R> {
            /// Turns the writer into a reader, with no other writer in between.
            ///
            /// # Context
            ///
            /// Does not sleep.
            ///
            /// # Examples
            ///
            #[doc = concat!("See [`", stringify!($guard), "`].")]
            #[inline]
            #[cfg_attr(feature = "lockdep", track_caller)]
            pub fn downgrade(guard: Self) -> $reader<'a, T, R> {
                guard.taken.downgraded();
                $reader {
                    inner: lock_api::RwLockWriteGuard::downgrade(guard.inner),
                    section: guard.section,
                    taken: guard.taken,
                }
            }
        }
    };
}

/// Defines `parts` for a guard whose holder is in a section.
macro_rules! parts {
    ($guard:ident<$bound:ident> $(, $mutable:tt)?) => {
        impl<T: ?Sized, R: $bound> $guard<'_, T, R> {
            /// Returns the value and a token, to call what takes `&mut NonBlock` with the lock held.
            ///
            /// The guard borrows the `NonBlock` that the lock was taken with, so that one cannot be lent as `&mut` meanwhile.
            /// This one can: while the lock is held, its holder is in a section.
            ///
            /// # Context
            ///
            /// Does not sleep. Lends a `&mut NonBlock` for as long as the value is borrowed.
            ///
            /// # Examples
            ///
            /// ```
            /// use nonblock::NonBlock;
            /// use nonblock::sync::SpinLock;
            ///
            /// fn write(line: &str, lengths: &mut Vec<usize>, _nb: &mut NonBlock) {
            ///     lengths.push(line.len());
            /// }
            ///
            /// let (lines, mut lengths) = (SpinLock::new(["up", "down"]), Vec::with_capacity(2));
            /// nonblock::non_block(|nb| {
            ///     let mut held = lines.lock(nb);
            ///     let (lines, nb) = held.parts();
            ///     for line in lines.iter() {
            ///         write(line, &mut lengths, nb);
            ///     }
            /// });
            /// assert_eq!(lengths, [2, 4]);
            /// ```
            #[inline]
            pub fn parts(&mut self) -> (&$($mutable)? T, &mut NonBlock) {
                (&$($mutable)? self.inner, self.section.token())
            }
        }
    };
}

pub(super) use {downgrade, guard, lock, locked_exclusive, map, parts, unlock_fair};
