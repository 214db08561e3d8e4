//! Functions that a macro writes, with names, types and bodies passed in.
#![deny(warnings)]

use nonblock::{NonBlock, Sleepable, may_sleep, non_block, sleepable};

macro_rules! functions {
    ($visibility:vis $sleeping:ident, $section:ident, $ty:ty, $value:expr, $body:block) => {
        #[may_sleep]
        $visibility fn $sleeping(cx: &mut Sleepable, value: $ty) -> $ty {
            cx.non_block(|nb| $section(value, nb)) + $value
        }

        #[non_block]
        $visibility fn $section(value: $ty, _nb: &NonBlock) -> $ty {
            let inner: $ty = $body;
            value + inner
        }
    };
}

functions!(pub(crate) wait, count, u32, 1, { 2 });

macro_rules! token_by_macro {
    ($name:ident: $token:ty) => {
        #[may_sleep]
        fn passed($name: $token) -> u32 {
            wait($name, 0)
        }
    };
}

token_by_macro!(right: &mut Sleepable);

fn main() {
    sleepable(|cx| {
        assert_eq!(wait(cx, 4), 7);
        assert_eq!(passed(cx), 3);
    });
}
