//! The command: it reads its arguments, measures, and writes the results.

mod arguments;
mod callgrind;
mod chapter;
mod compile_time;
mod dependency;
mod figures;
mod files;
mod generated;
mod machine;
mod page;
mod plots;
mod programs;
mod record;
mod size;
mod zero_cost;

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
    if !arguments.only.is_empty() {
        notes.push(format!(
            "Made with `--only {}`: the other parts are left out.",
            arguments.only.join("`, `--only ")
        ));
    }
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
    let mut chapters = Vec::new();
    if arguments.wants("zero_cost") {
        chapters.push(zero_cost::chapter()?);
    }
    // What builds programs takes minutes.
    if !arguments.quick && arguments.wants("size") {
        chapters.push(size::chapter()?);
    }
    if !arguments.quick && arguments.wants("dependency") {
        chapters.push(dependency::chapter()?);
    }
    if !arguments.quick && arguments.wants("compile_time") {
        groups.extend(compile_time::curve()?);
    }
    let page = Page {
        machine: &machine,
        notes: &notes,
        groups: &groups,
        chapters: &chapters,
        quick: arguments.quick,
    };
    print!("{}", page.text());
    if let Some(path) = &arguments.json {
        files::write(path, &page.json())?;
    }
    if let Some(directory) = &arguments.svg {
        plots::draw(&groups, directory)?;
    }
    if let Some(path) = &arguments.markdown {
        let folder = arguments.svg.as_deref().map(|svg| {
            let from_page = path.parent().and_then(|parent| svg.strip_prefix(parent).ok());
            from_page.unwrap_or(svg).display().to_string()
        });
        files::write(path, &page.markdown(folder.as_deref()))?;
    }
    Ok(ExitCode::SUCCESS)
}
