use shuttle::sync::{Arc, Mutex};
use shuttle::thread;

fn main() {
    shuttle::check_random(
        || {
            let cell = Arc::new(Mutex::new(0u64));
            let theirs = cell.clone();
            thread::spawn(move || {
                *theirs.lock().unwrap() = 1;
            });
            assert_eq!(0, *cell.lock().unwrap());
        },
        100,
    );
}
