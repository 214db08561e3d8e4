//! The error of a subscription to an address space that was released.

use core::error::Error;
use core::fmt;

/// The address space was released: nobody can subscribe to it.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use nonblock_mm::mmu::{AddressSpace, Invalidate, Range, Released};
/// # use nonblock::Context;
/// # struct Device;
/// # impl Invalidate for Device {
/// #     fn invalidate<C: Context>(&self, _: &Range, _: &mut C) -> Result<(), C::Refusal> { Ok(()) }
/// # }
///
/// let space = AddressSpace::new();
/// nonblock::sleepable(|cx| {
///     space.release(cx);
///     assert_eq!(space.subscribe(Arc::new(Device), cx).err(), Some(Released));
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released;

impl fmt::Display for Released {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the address space was released: nobody can subscribe to it any more")
    }
}

impl Error for Released {}
