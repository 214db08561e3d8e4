use atomic_refcell::AtomicRefCell;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "atomic_refcell",
    operations: &[
        Operation::new(Read, "AtomicRefCell::try_borrow", borrow),
    ],
};

fn borrow(bench: Bench<'_>) {
    let cell = AtomicRefCell::new(1_u64);
    let borrow = || _ = black_box(cell.try_borrow().map(|value| *value).is_ok());
    bench
        .holder("one who has it to change it", &|stand_still| {
            let _value = cell.try_borrow_mut();
            stand_still();
        })
        .peer("`try_borrow`", &borrow)
        .call(&borrow);
}
