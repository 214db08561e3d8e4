//! What a thread that waits found when it looked.

/// What a thread that waits found when it looked.
pub(crate) enum Look<R> {
    /// What it waits for.
    Found(R),
    /// Nothing yet, but another thread is in the middle of putting it there, and notifies nobody before it has.
    Soon,
    /// Nothing. Whoever puts it there notifies the event count.
    Nothing,
}

impl<R> From<Option<R>> for Look<R> {
    fn from(found: Option<R>) -> Self {
        found.map_or(Self::Nothing, Self::Found)
    }
}
