//! Parts that run other languages.

use boa_engine::{Context, Source};
use wasmtime::{Engine, Instance, Module, Store};

/// Returns the sum of the numbers below a count.
pub(crate) fn by_wasm(count: i32) -> i32 {
    let source = r#"(module (func (export "sum") (param $count i32) (result i32) (local $sum i32)
        (loop $next
            (local.set $count (i32.sub (local.get $count) (i32.const 1)))
            (local.set $sum (i32.add (local.get $sum) (local.get $count)))
            (br_if $next (local.get $count)))
        (local.get $sum)))"#;
    let engine = Engine::default();
    let module = Module::new(&engine, source).expect("a module");
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).expect("an instance");
    let sum = instance.get_typed_func::<i32, i32>(&mut store, "sum").expect("it is exported");
    sum.call(&mut store, count).expect("it returns")
}

/// Returns the sum of the numbers below a count.
pub(crate) fn by_javascript(count: i32) -> String {
    let source = format!("let sum = 0; for (let i = 0; i < {count}; i++) sum += i; `${{sum}}`");
    let mut context = Context::default();
    let value = context.eval(Source::from_bytes(&source)).expect("it runs");
    value.to_string(&mut context).expect("a text").to_std_string_escaped()
}
