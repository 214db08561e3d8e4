//! A whole run, from the machine to the table.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::checks_off;
use crate::command;
use crate::guest::Guest;
use crate::initramfs;
use crate::judge::{self, Judged};
use crate::kbuild::{Build, Parts};
use crate::kernel_config;
use crate::kernel_source::{self, KernelSource};
use crate::machine::{self, Compiler, Machine, RUSTC};
use crate::options::Options;
use crate::readme;
use crate::rows::{self, CHECKS_OFF, TYPED_TWIN};
use crate::steps::{Inputs, Steps};
use crate::stop::Stop;
use crate::table;
use crate::typed_twin;

/// The target that the guest's program is built for.
const TARGET: &str = "x86_64-unknown-linux-gnu";
/// The driver's module, from the folder of the modules.
const DRIVER: &str = "dmirror/nonblock_dmirror.ko";
/// The modules that are loaded in the guest, from the folder of the modules.
const MODULES: [&str; 3] = [DRIVER, "untyped/nonblock_untyped.ko", "plain/plain.ko"];
/// The two configurations: with checks, and with checks off.
const BUILDS: [&str; 2] = ["debug", "off"];
/// The kernel's module that leaks on purpose.
const LEAKS: &str = "kmemleak-test";

/// Does all that was asked for and prints the table. Returns whether every row is as it should be.
///
/// # Errors
///
/// [`Stop`] if it cannot run here, or something failed before there was a table.
pub fn run(options: &Options, machine: &dyn Machine) -> Result<bool, Stop> {
    let root = root()?;
    let work = work(&root)?;
    let _lock = lock(&work)?;
    if let Some(file) = &options.readme {
        readme::check(file)?;
    }
    let (source, compiler) = prepare(options, machine, &root, &work)?;
    let run = Run { options, root: &root, work: &work, source: &source, compiler: &compiler };
    let judged = run.all(&Steps::new(&work)?)?;
    println!("\n{}", table::table(&judged));
    if let Some(file) = &options.readme {
        readme::write(file, &judged)?;
    }
    Ok(judged.iter().all(|row| row.is_ok))
}

/// The checkout.
fn root() -> Result<PathBuf, Stop> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().map_err(|error| Stop::file("find", &root, &error))
}

/// The folder that all products go into.
fn work(root: &Path) -> Result<PathBuf, Stop> {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let work = root.join(target).join("linux");
    fs::create_dir_all(&work).map_err(|error| Stop::file("make", &work, &error))?;
    work.canonicalize().map_err(|error| Stop::file("find", &work, &error))
}

/// Keeps other runs out of the work folder.
fn lock(work: &Path) -> Result<File, Stop> {
    let path = work.join("lock");
    let lock = File::create(&path).map_err(|error| Stop::file("write", &path, &error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Stop::CannotRun(format!(
            "another linux/run is at work in {}: wait for its end, or set CARGO_TARGET_DIR to another folder.",
            work.display()
        ))),
        Err(TryLockError::Error(error)) => Err(Stop::file("lock", &path, &error)),
    }
}

/// Looks at all that a run needs, and installs or unpacks what is missing of it.
///
/// # Errors
///
/// [`Stop::CannotRun`] with what is missing.
pub fn prepare(
    options: &Options,
    machine: &dyn Machine,
    root: &Path,
    work: &Path,
) -> Result<(KernelSource, Compiler), Stop> {
    let is_first = !work.join("build-debug/vmlinux").exists();
    machine::check(machine, root, work, is_first)?;
    // Before anything is installed for it.
    let own = options.kernel.as_deref().map(kernel_source::check).transpose()?;
    machine::packages(machine, own.is_some(), &mut |what| println!("{what}"))?;
    let compiler = machine::compiler(machine)?;
    let source = match own {
        Some(source) => source,
        None => unpacked(&Steps::new(work)?, work)?,
    };
    source.accepts(&compiler)?;
    Ok((source, compiler))
}

/// The source of Debian's package: unpacked, unless it is there in the package's version.
fn unpacked(steps: &Steps, work: &Path) -> Result<KernelSource, Stop> {
    let archive = kernel_source::archive();
    let version = Command::new("dpkg-query")
        .args(["-W", "-f=${Version}", machine::KERNEL_PACKAGE])
        .output()
        .map(|answer| String::from_utf8_lossy(&answer.stdout).into_owned())
        .unwrap_or_default();
    let folder = kernel_source::unpacked(work);
    // 6.12.117-1~deb12u1 is of Linux 6.12.117.
    let is_old = kernel_source::check(&folder)
        .is_ok_and(|source| version.split('-').next() != Some(source.version.as_str()));
    if is_old {
        kernel_source::remove(&folder)?;
    }
    if !folder.join("Makefile").is_file() {
        // What was built of an older source looks newer to make than the files of this one.
        for build in BUILDS {
            kernel_source::remove(&work.join(format!("build-{build}")))?;
        }
        steps.step("unpack the kernel", || kernel_source::unpack(&archive, work))?;
    }
    kernel_source::check(&folder)
}

/// All that a run works with.
struct Run<'a> {
    options: &'a Options,
    root: &'a Path,
    work: &'a Path,
    source: &'a KernelSource,
    compiler: &'a Compiler,
}

impl Run<'_> {
    fn all(&self, steps: &Steps) -> Result<Vec<Judged>, Stop> {
        println!(
            "Linux {}, rustc {}, in {}",
            self.source.version,
            self.compiler.version,
            self.work.display()
        );
        let tools = self.work.join("tools");
        self.bindgen(steps, &tools)?;
        let tools = tools.join("bin");
        let asked = self.read("linux/kernel/options.config")?;
        let debug = self.build(BUILDS[0], &tools);
        self.configure(steps, "configure the kernel", &debug, &asked)?;
        let macros = self.macros(steps)?;
        let parts = Parts { root: self.root, macros: &macros };
        let needs_guest = rows::ROWS.iter().any(|row| self.options.wants(row.name))
            || self.options.wants(rows::SILENT);
        let targets: &[&str] = if needs_guest {
            &["bzImage", "modules", "modules_prepare"]
        } else {
            &["modules_prepare"]
        };
        let image = debug.image();
        let products: &[&Path] = if needs_guest { &[&image] } else { &[] };
        let step = if needs_guest { "build the kernel" } else { "prepare the kernel for modules" };
        self.make(steps, step, &debug, targets, products)?;

        let mut judged = Vec::new();
        let stage = self.named("modules-debug");
        if needs_guest || self.options.wants(CHECKS_OFF) {
            self.modules(steps, "build the modules", &debug, &stage, parts)?;
        }
        if needs_guest {
            judged = self.play(steps, &debug, &stage, parts)?;
        }
        if self.options.wants(TYPED_TWIN) {
            judged.push(self.typed_twin(steps, &debug, parts)?);
        }
        if self.options.wants(CHECKS_OFF) {
            judged.push(self.checks_off(steps, &tools, &asked, &stage, parts)?);
        }
        Ok(judged)
    }

    fn read(&self, file: &str) -> Result<String, Stop> {
        let path = self.root.join(file);
        fs::read_to_string(&path).map_err(|error| Stop::file("read", &path, &error))
    }

    /// A path in the work folder. Of another kernel than Debian's, it has the folder's name and a number in it.
    fn named(&self, name: &str) -> PathBuf {
        if self.options.kernel.is_none() {
            return self.work.join(name);
        }
        let folder = &self.source.folder;
        let stamp = Inputs::new().text(&folder.to_string_lossy()).stamp();
        let tree = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.work.join(format!("{name}-{tree}-{}", stamp.trim_end()))
    }

    fn build<'a>(&'a self, name: &str, tools: &'a Path) -> Build<'a> {
        let folder = self.named(&format!("build-{name}"));
        Build { source: self.source, compiler: self.compiler, tools, folder }
    }

    /// Kernels need a `bindgen`, which Debian has only in an older version.
    fn bindgen(&self, steps: &Steps, tools: &Path) -> Result<(), Stop> {
        let program = tools.join("bin/bindgen");
        if program.is_file() {
            return Ok(());
        }
        steps.step("install bindgen", || {
            let mut cargo = cargo();
            cargo.args(["install", "bindgen-cli", "--locked", "--root"]).arg(tools);
            command::run(&mut cargo, &self.work.join("bindgen.log"))
        })
    }

    fn configure(
        &self,
        steps: &Steps,
        step: &str,
        build: &Build<'_>,
        asked: &str,
    ) -> Result<(), Stop> {
        let inputs = self.inputs(build).text(asked);
        steps.once(step, &inputs, &[&build.config()], || build.configure(asked)).map(|_| ())
    }

    /// What every step of a kernel depends on.
    fn inputs(&self, build: &Build<'_>) -> Inputs {
        Inputs::new()
            .text(&self.source.version)
            .text(&self.source.folder.to_string_lossy())
            .text(&build.folder.to_string_lossy())
            .text(&self.compiler.text)
    }

    /// Builds a kernel. Of another kernel than Debian's the makefile looks each time, since somebody may work on it.
    fn make(
        &self,
        steps: &Steps,
        step: &str,
        build: &Build<'_>,
        targets: &[&str],
        products: &[&Path],
    ) -> Result<(), Stop> {
        if self.options.kernel.is_some() {
            return steps.step(step, || build.build(targets));
        }
        let inputs = self.inputs(build).path(&build.config());
        steps.once(step, &inputs, products, || build.build(targets)).map(|_| ())
    }

    /// Builds the attributes with the kernel's compiler, which takes no others. cargo knows whether there is anything to do.
    fn macros(&self, steps: &Steps) -> Result<PathBuf, Stop> {
        let target = self.work.join("macros");
        steps.step("build the attributes", || {
            let mut cargo = cargo();
            cargo.current_dir(self.root).env("RUSTC", RUSTC);
            cargo.args([
                "build",
                "--release",
                "--locked",
                "--package",
                "nonblock-macros",
                "--target-dir",
            ]);
            command::run(cargo.arg(&target), &self.work.join("macros.log"))
        })?;
        Ok(target.join("release/libnonblock_macros.so"))
    }

    /// What every module depends on.
    fn module_inputs(&self, build: &Build<'_>, parts: Parts<'_>) -> Inputs {
        let mut inputs = self.inputs(build).path(&build.config()).path(parts.macros);
        for folder in [
            "nonblock/src",
            "nonblock-mm/src",
            "drivers/dmirror/src",
            "linux/nonblock-linux",
            "linux/modules",
        ] {
            inputs = inputs.path(&self.root.join(folder));
        }
        inputs
    }

    fn modules(
        &self,
        steps: &Steps,
        step: &str,
        build: &Build<'_>,
        stage: &Path,
        parts: Parts<'_>,
    ) -> Result<(), Stop> {
        let inputs = self.module_inputs(build, parts);
        let products = MODULES.map(|module| stage.join(module));
        let products: Vec<_> = products.iter().map(PathBuf::as_path).collect();
        let from = self.root.join("linux/modules");
        steps.once(step, &inputs, &products, || build.modules(&from, stage, parts)).map(|_| ())
    }

    /// Builds the kernel's module that leaks, of its samples. The configuration is not changed for it.
    fn leaking_module(
        &self,
        steps: &Steps,
        build: &Build<'_>,
        parts: Parts<'_>,
    ) -> Result<PathBuf, Stop> {
        let (from, stage) = (self.named("leaking-source"), self.named("leaking-debug"));
        let file = format!("{LEAKS}.c");
        let source = self.source.folder.join("samples/kmemleak").join(&file);
        let product = stage.join(format!("{LEAKS}.ko"));
        let inputs = self.inputs(build).path(&build.config()).path(&source);
        steps.once("build a module that leaks", &inputs, &[&product], || {
            kernel_source::remove(&from)?;
            fs::create_dir_all(&from).map_err(|error| Stop::file("make", &from, &error))?;
            let (copy, makefile) = (from.join(&file), from.join("Kbuild"));
            fs::copy(&source, &copy).map_err(|error| Stop::file("copy", &source, &error))?;
            fs::write(&makefile, format!("obj-m := {LEAKS}.o\n"))
                .map_err(|error| Stop::file("write", &makefile, &error))?;
            build.modules(&from, &stage, parts)
        })?;
        Ok(product)
    }

    /// Builds the guest, runs it, and judges its log.
    fn play(
        &self,
        steps: &Steps,
        build: &Build<'_>,
        stage: &Path,
        parts: Parts<'_>,
    ) -> Result<Vec<Judged>, Stop> {
        let target = self.work.join("guest");
        steps.step("build the guest", || {
            let mut cargo = cargo();
            cargo
                .current_dir(self.root)
                .env("RUSTFLAGS", "-Ctarget-feature=+crt-static -Cstrip=symbols");
            cargo.args(["build", "--release", "--locked", "--package", "linux-guest"]);
            cargo.args(["--target", TARGET, "--target-dir"]).arg(&target);
            command::run(&mut cargo, &self.work.join("guest-build.log"))
        })?;
        let init = target.join(TARGET).join("release/init");
        let leaks = self.leaking_module(steps, build, parts)?;
        let modules: Vec<_> =
            MODULES.iter().map(|module| stage.join(module)).chain([leaks]).collect();
        let (archive, log) = (self.work.join("guest.cpio.gz"), self.work.join("guest.log"));
        steps.step("pack the guest", || {
            initramfs::pack(&build.folder.join("usr/gen_init_cpio"), &init, &modules, &archive)
        })?;
        let guest = Guest { image: &build.image(), initramfs: &archive, log: &log };
        let log_of = steps.step("play", || guest.run(self.options))?;
        let judged = judge::judge(&log_of, &|row| self.options.wants(row));
        if self.options.keep || judged.iter().any(|row| !row.is_ok) {
            println!("the guest's log: {}\nits file system: {}", log.display(), archive.display());
        } else {
            kernel_source::remove(&log)?;
            kernel_source::remove(&archive)?;
        }
        Ok(judged)
    }

    /// Has the compiler refuse the typed twin. What it said is kept, and looked at again if nothing has changed.
    fn typed_twin(
        &self,
        steps: &Steps,
        build: &Build<'_>,
        parts: Parts<'_>,
    ) -> Result<Judged, Stop> {
        let folder = "linux/modules/typed_twin";
        let source = self.read(&format!("{folder}/typed_twin.rs"))?;
        let (from, stage) = (self.root.join(folder), self.named("typed-twin"));
        let log = stage.with_extension("log");
        let inputs = self.module_inputs(build, parts);
        steps.once("build the typed twin", &inputs, &[&log], || {
            let (_, said) = build.refused_modules(&from, &stage, parts)?;
            fs::write(&log, said).map_err(|error| Stop::file("write", &log, &error))
        })?;
        let said = fs::read_to_string(&log).map_err(|error| Stop::file("read", &log, &error))?;
        let has_compiled = stage.join("typed_twin.o").exists();
        Ok(typed_twin::judge("typed_twin.rs", &source, has_compiled, &said))
    }

    /// Builds the driver's module a second time, with checks off, and compares.
    fn checks_off(
        &self,
        steps: &Steps,
        tools: &Path,
        asked: &str,
        on: &Path,
        parts: Parts<'_>,
    ) -> Result<Judged, Stop> {
        let build = self.build(BUILDS[1], tools);
        let asked = kernel_config::with_checks_off(asked);
        self.configure(steps, "configure a kernel with checks off", &build, &asked)?;
        self.make(steps, "prepare it for modules", &build, &["modules_prepare"], &[])?;
        let stage = self.named("modules-off");
        self.modules(steps, "build the modules with checks off", &build, &stage, parts)?;
        Ok(checks_off::judge(look(&on.join(DRIVER))?, look(&stage.join(DRIVER))?))
    }
}

/// Looks at a module's code.
fn look(module: &Path) -> Result<checks_off::Module, Stop> {
    let tool = |name: &str, arguments: &[&str]| {
        let (is_ok, said) = command::output(Command::new(name).args(arguments).arg(module))?;
        if is_ok {
            Ok(said)
        } else {
            Err(Stop::Failed(format!("{name} failed: {}", command::end(&said, 3))))
        }
    };
    let sizes = tool("llvm-size", &["-A"])?;
    let disassembly = tool("llvm-objdump", &["-dr"])?;
    Ok(checks_off::Module::read(&sizes, &disassembly, &tool("llvm-nm", &[])?))
}

/// cargo, without what this process was started with by cargo itself.
fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    for name in
        ["CARGO_TARGET_DIR", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC", "RUSTC_WRAPPER"]
    {
        cargo.env_remove(name);
    }
    cargo
}
