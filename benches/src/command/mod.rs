//! The command, from its arguments to what it writes.

mod arguments;
mod callgrind;
mod figures;
mod files;
mod machine;
mod page;
mod plots;
mod programs;
mod record;

use std::process::ExitCode;

use self::arguments::Arguments;
use self::machine::Machine;
use self::page::Page;
use self::programs::Program;

pub(crate) fn run() -> Result<ExitCode, String> {
    let Some(arguments) = Arguments::parse().map_err(|error| error.to_string())? else {
        print!("{}", arguments::USAGE);
        return Ok(ExitCode::SUCCESS);
    };
    if arguments.instructions {
        return record::run(&arguments);
    }
    let machine = Machine::describe()?;
    let mut notes = Vec::new();
    let programs = Program::build_all(&mut notes)?;
    let mut groups = Vec::new();
    for program in &programs {
        eprintln!("measuring, {}", program.title());
        groups.extend(program.measure(&arguments)?);
    }
    match callgrind::version() {
        Some(_version) => {
            for program in programs.iter().filter(|program| program.counts) {
                eprintln!("counting instructions, {}", program.title());
                let counts = callgrind::count(program, &arguments)?;
                callgrind::join(&counts, &mut groups);
            }
        }
        None => notes.push(
            "valgrind is not installed here: instructions were not counted, and goals about them not looked at.".to_owned(),
        ),
    }
    let page = Page { machine: &machine, notes: &notes, groups: &groups, quick: arguments.quick };
    print!("{}", page.text());
    if let Some(path) = &arguments.json {
        files::write(path, &page.json())?;
    }
    if let Some(directory) = &arguments.svg {
        plots::draw(&groups, directory)?;
    }
    if let Some(path) = &arguments.markdown {
        files::write(path, &page.markdown(arguments.svg.as_deref()))?;
    }
    Ok(ExitCode::SUCCESS)
}
