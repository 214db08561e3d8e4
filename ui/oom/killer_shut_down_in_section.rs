//! Law 3: shutting the killer down waits for its thread.

use nonblock::NonBlock;
use nonblock_mm::oom::Killer;

fn exit(killer: Killer, nb: &mut NonBlock) {
    killer.shutdown(nb);
}

fn main() {}
