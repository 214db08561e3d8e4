//! Law 4: there are two kinds of lock; a third could be held by a sleeper and waited for in a section.

use nonblock::sync::Kind;

enum Hybrid {}

impl Kind for Hybrid {}

fn main() {}
