//! The shapes of `explore.cpp` for shuttle's random walk, assertions off: schedules a second of the processor's time.
//!   bench-shuttle SECONDS [SHAPE...]
use shuttle::scheduler::{RandomScheduler, Schedule, Scheduler, Task, TaskId};
use shuttle::sync::atomic::{AtomicI64, Ordering::SeqCst};
use shuttle::sync::{Arc, Mutex};
use shuttle::{thread, Config, Runner};
use std::time::{Duration, Instant};

/// A random walk that counts its schedules and ends when its time is over.
struct Timed {
    walk: RandomScheduler,
    until: Instant,
    count: std::sync::Arc<std::sync::atomic::AtomicU64>,
}

impl Scheduler for Timed {
    fn new_execution(&mut self) -> Option<Schedule> {
        if Instant::now() >= self.until {
            return None;
        }
        self.count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.walk.new_execution()
    }
    fn next_task(&mut self, tasks: &[&Task], current: Option<TaskId>, is_yielding: bool) -> Option<TaskId> {
        self.walk.next_task(tasks, current, is_yielding)
    }
    fn next_u64(&mut self) -> u64 {
        self.walk.next_u64()
    }
}

fn join(all: Vec<thread::JoinHandle<()>>) {
    for one in all {
        one.join().unwrap();
    }
}

fn account() {
    let balance = Arc::new(AtomicI64::new(0));
    let mut all = Vec::new();
    for atomic in [false, false, true] {
        let balance = balance.clone();
        all.push(thread::spawn(move || {
            if atomic {
                balance.fetch_add(1, SeqCst);
            } else {
                balance.store(balance.load(SeqCst) + 1, SeqCst);
            }
        }));
    }
    join(all);
    std::hint::black_box(balance.load(SeqCst));
}

fn lazy01() {
    let data = Arc::new((Mutex::new(()), AtomicI64::new(0)));
    let mut all = Vec::new();
    for body in 0..3 {
        let data = data.clone();
        all.push(thread::spawn(move || {
            let _held = data.0.lock().unwrap();
            match body {
                2 => {
                    if data.1.load(SeqCst) == 3 {
                        std::hint::black_box(data.1.load(SeqCst));
                    }
                }
                times => {
                    for _ in 0..=times {
                        data.1.store(data.1.load(SeqCst) + 1, SeqCst);
                    }
                }
            }
        }));
    }
    join(all);
}

fn twostage(writers: usize, readers: usize) {
    let words = Arc::new((Mutex::new(()), AtomicI64::new(0), Mutex::new(()), AtomicI64::new(0)));
    let mut all = Vec::new();
    for i in 0..writers + readers {
        let words = words.clone();
        all.push(thread::spawn(move || {
            if i < writers {
                {
                    let _held = words.0.lock().unwrap();
                    words.1.store(1, SeqCst);
                }
                let _held = words.2.lock().unwrap();
                words.3.store(2, SeqCst);
            } else {
                let written = {
                    let _held = words.0.lock().unwrap();
                    words.1.load(SeqCst) != 0
                };
                if written {
                    let _held = words.2.lock().unwrap();
                    std::hint::black_box(words.3.load(SeqCst));
                }
            }
        }));
    }
    join(all);
}

fn reorder(n: usize) {
    let words = Arc::new((AtomicI64::new(0), AtomicI64::new(0)));
    let mut all = Vec::new();
    for i in 0..n {
        let words = words.clone();
        all.push(thread::spawn(move || {
            if i + 1 < n {
                words.0.store(1, SeqCst);
                words.1.store(-1, SeqCst);
            } else if words.0.load(SeqCst) == 0 {
                std::hint::black_box(words.1.load(SeqCst));
            } else {
                std::hint::black_box(words.1.load(SeqCst));
            }
        }));
    }
    join(all);
}

/// The last one takes the right fork first: a deadlock would end the measurement.
fn philosophers(n: usize) {
    let forks: Arc<Vec<Mutex<()>>> = Arc::new((0..n).map(|_| Mutex::new(())).collect());
    let mut all = Vec::new();
    for i in 0..n {
        let forks = forks.clone();
        all.push(thread::spawn(move || {
            let (one, other) = if i + 1 < n { (i, i + 1) } else { (0, i) };
            let _one = forks[one].lock().unwrap();
            let _other = forks[other].lock().unwrap();
        }));
    }
    join(all);
}

/// Seconds of the processor's time that this process has had.
fn processor_time() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").expect("/proc/self/schedstat");
    text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).expect("nanoseconds") / 1e9
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let seconds: f64 = arguments.get(1).and_then(|s| s.parse().ok()).expect("bench-shuttle SECONDS [SHAPE...]");
    type Shape = (&'static str, fn());
    let shapes: [Shape; 15] = [
        ("account", account),
        ("lazy01", lazy01),
        ("twostage", || twostage(1, 1)),
        ("twostage_20", || twostage(10, 10)),
        ("twostage_100", || twostage(50, 50)),
        ("reorder_3", || reorder(3)),
        ("reorder_4", || reorder(4)),
        ("reorder_5", || reorder(5)),
        ("reorder_10", || reorder(10)),
        ("reorder_20", || reorder(20)),
        ("reorder_100", || reorder(100)),
        ("din_phil_2", || philosophers(2)),
        ("din_phil_3", || philosophers(3)),
        ("din_phil_5", || philosophers(5)),
        ("din_phil_7", || philosophers(7)),
    ];
    for (name, body) in shapes {
        if arguments.len() > 2 && !arguments[2..].iter().any(|wanted| wanted == name) {
            continue;
        }
        let count = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
        let begin = Instant::now();
        let before = processor_time();
        let walk = Timed {
            walk: RandomScheduler::new(usize::MAX),
            until: begin + Duration::from_secs_f64(seconds),
            count: count.clone(),
        };
        Runner::new(walk, Config::new()).run(body);
        let rate = count.load(std::sync::atomic::Ordering::Relaxed) as f64 / (processor_time() - before);
        println!("RESULT explore_speed {name} driver=shuttle-random schedules_per_s={rate:.0}");
    }
}
