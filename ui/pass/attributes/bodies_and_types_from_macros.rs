//! Bodies that a `macro_rules` macro passes on, and types and attributes in rare forms.

#![deny(warnings)]
#![allow(dead_code)]

use nonblock::{Context, NonBlock, Sleepable, may_sleep, non_block};

macro_rules! with_block {
    ($body:block) => {
        #[non_block]
        fn block_in_braces() -> u8 {
            $body
        }

        #[may_sleep]
        fn block_after_a_check(_cx: &mut Sleepable) -> u8 {
            $body
        }

        #[non_block]
        fn block() -> u8 $body

        #[non_block(nb)]
        fn block_after_a_statement() -> u8 {
            let _ = nb;
            $body
        }
    };
}

with_block!({ 1 });

macro_rules! with_tokens {
    ($($body:tt)*) => {
        #[non_block]
        fn in_a_section() -> u8 {
            $($body)*
        }

        #[may_sleep(cx)]
        fn bound() -> u8 {
            nonblock::might_sleep();
            cx.non_block(|_| ());
            let inner = || { $($body)* };
            inner()
        }
    };
}

with_tokens!(let x = 1; x);

macro_rules! with_inner_attribute {
    ($($body:tt)*) => {
        #[non_block]
        fn inner_attribute_in_a_section() -> u8 {
            $($body)*
        }

        #[may_sleep]
        fn inner_attribute_after_a_check(_cx: &mut Sleepable) -> u8 {
            $($body)*
        }
    };
}

with_inner_attribute!(#![allow(unused_variables)] let x = 1; 2);

struct At<const N: i8>;

#[non_block]
fn negative(_: At<-1>, _: &mut At<{ -1 }>, nb: &NonBlock) {
    let _ = nb;
}

trait Device {
    type Cx: Context;

    #[may_sleep]
    fn start(&self, cx: &mut Self::Cx);

    #[may_sleep]
    fn stop(&self, cx: &mut <Self as Device>::Cx) {
        let _ = cx;
    }

    #[may_sleep]
    fn copy<D: Device>(&self, cx: &mut D::Cx);
}

struct Disk;

#[may_sleep]
impl Disk {
    #[cfg_attr(all(), may_sleep(skip))]
    fn skipped(&self) -> u8 {
        3
    }

    #[cfg_attr(all(), inline, nonblock::non_block)]
    fn of_its_own(&self) -> u8 {
        4
    }

    #[cfg_attr(any(), may_sleep(skip))]
    fn sleeps(&self, cx: &mut Sleepable) -> u8 {
        cx.non_block(|_| 5)
    }

    /// Would be refused if it were there.
    #[cfg(any())]
    fn not_there(&self) {}
}

fn main() {
    nonblock::sleepable(|cx| {
        assert_eq!((block_in_braces(), block_after_a_check(cx), block()), (1, 1, 1));
        assert_eq!((in_a_section(), bound()), (1, 1));
        assert_eq!((inner_attribute_in_a_section(), inner_attribute_after_a_check(cx)), (2, 2));
        assert_eq!((Disk.skipped(), Disk.of_its_own(), Disk.sleeps(cx)), (3, 4, 5));
    });
}
