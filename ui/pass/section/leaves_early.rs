//! A section hands out values and results, and `?` works in it.
#![deny(warnings)]

use nonblock::{Sleepable, sleepable};

fn parse(text: &str, cx: &mut Sleepable) -> Result<u32, std::num::ParseIntError> {
    let number = cx.non_block(|_nb| {
        let number = text.trim().parse::<u32>()?;
        Ok(number + 1)
    })?;
    Ok(number)
}

fn main() {
    sleepable(|cx| {
        assert_eq!(parse(" 4 ", cx), Ok(5));
        assert!(parse("four", cx).is_err());
    });
}
