//! rivals/programs/stored_shuttle.rs, and how long it took to fail.
mod example {
    include!("../../../rivals/programs/stored_shuttle.rs");
    pub fn run() {
        main()
    }
}

fn main() {
    let began = std::time::Instant::now();
    let failed = std::panic::catch_unwind(example::run).is_err();
    eprintln!("TOOK {}", began.elapsed().as_secs_f64());
    std::process::exit(if failed { 0 } else { 1 });
}
