//! The operations, a file for each package.

use crate::operation::Package;

mod prelude;

macro_rules! packages {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*

        /// Every package.
        pub const ALL: &[Package] = &[$($module::PACKAGE),*];
    };
}

packages!(
    arc_swap,
    arrayvec,
    async_channel,
    atomic_refcell,
    atomic_wait,
    basedrop,
    bbqueue,
    bumpalo,
    bytes,
    chrono,
    coarsetime,
    concurrent_queue,
    crossbeam_channel,
    crossbeam_epoch,
    crossbeam_queue,
    crossbeam_utils,
    dashmap,
    env_logger,
    event_listener,
    evmap,
    fastrand,
    flume,
    futures,
    getrandom,
    hashbrown,
    hdrhistogram,
    heapless,
    jiff,
    kanal,
    left_right,
    log,
    memmap2,
    metrics,
    mimalloc,
    mio,
    moka,
    object_pool,
    once_cell,
    oorandom,
    papaya,
    parking_lot,
    prometheus,
    prometheus_client,
    quanta,
    rand,
    ringbuf,
    rtrb,
    scc,
    seqlock,
    sharded_slab,
    slab,
    slog,
    slog_async,
    smallvec,
    spin,
    standard_library,
    thingbuf,
    thread_local,
    time,
    tokio,
    tracing,
    tracing_appender,
    tracing_subscriber,
    triple_buffer,
    uuid,
);
