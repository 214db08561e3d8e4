//! A share of a channel: what each of its ends holds. The last one that goes releases the channel.

use core::mem::ManuallyDrop;
use core::ops::Deref;
use std::sync::Arc;

use super::shared::Channel;
use crate::check::might_sleep_in_drop;

/// A share of a channel.
pub(super) struct Share<T> {
    channel: ManuallyDrop<Arc<Channel<T>>>,
    /// Whether it was reported already that this end goes in a section.
    is_checked: bool,
}

impl<T> Share<T> {
    /// Makes the first two shares of a channel.
    pub(super) fn two_of(channel: Channel<T>) -> (Self, Self) {
        let one = Self::new(Arc::new(channel));
        let other = one.share();
        (one, other)
    }

    fn new(channel: Arc<Channel<T>>) -> Self {
        Self { channel: ManuallyDrop::new(channel), is_checked: false }
    }

    /// Makes one more.
    pub(super) fn share(&self) -> Self {
        Self::new(Arc::clone(&self.channel))
    }

    /// Says whether both are of one channel.
    pub(super) fn is_of_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.channel, &other.channel)
    }

    /// Reports where this goes in a section. If it is the last share, it reports nothing more.
    pub(super) fn check(&mut self) {
        self.is_checked = true;
        might_sleep_in_drop();
    }
}

impl<T> Deref for Share<T> {
    type Target = Channel<T>;

    #[inline]
    fn deref(&self) -> &Channel<T> {
        &self.channel
    }
}

impl<T> Drop for Share<T> {
    fn drop(&mut self) {
        // SAFETY: this runs once, and nobody looks at the share afterwards.
        let share = unsafe { ManuallyDrop::take(&mut self.channel) };
        // Which share is the last one, the count alone can tell: several may go at once.
        if let Some(channel) = Arc::into_inner(share) {
            if !self.is_checked {
                might_sleep_in_drop();
            }
            drop(channel);
        }
    }
}
