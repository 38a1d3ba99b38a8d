// pattern.rs: a Rust program that loads libnewproc at run time, runs a spawn pattern, then goroutines of its own.
//   rustc pattern.rs && ./pattern libnewproc.so.1
use std::ffi::{c_char, c_int, c_void, CStr, CString};
use std::sync::atomic::{AtomicU64, Ordering};

extern "C" {
    fn dlopen(path: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    fn dlerror() -> *const c_char;
}
const RTLD_NOW: c_int = 2;

/// The start of newproc.h's rt_result; the fields behind are not needed here.
#[repr(C)]
struct RtResult {
    struct_size: usize,
    log: *const u8,
    log_len: usize,
    exit_code: i32,
}

fn text(at: *const c_char) -> String {
    unsafe { CStr::from_ptr(at) }.to_string_lossy().into_owned()
}

/// A function of the library, as the type that its header gives it.
fn find<F>(library: *mut c_void, name: &str) -> F {
    let symbol = unsafe { dlsym(library, CString::new(name).unwrap().as_ptr()) };
    assert!(!symbol.is_null(), "{}", text(unsafe { dlerror() }));
    assert_eq!(std::mem::size_of::<F>(), std::mem::size_of_val(&symbol));
    unsafe { std::mem::transmute_copy(&symbol) }
}

type Func = extern "C" fn(*mut c_void);

struct Goroutines {
    newproc: extern "C" fn(*mut c_void, Func, *mut c_void, *mut u64) -> c_int,
    gosched: extern "C" fn() -> c_int,
    goid: extern "C" fn() -> u64,
    sum: AtomicU64,
}

extern "C" fn worker(arg: *mut c_void) {
    let shared = unsafe { &*(arg as *const Goroutines) };
    (shared.gosched)();
    shared.sum.fetch_add((shared.goid)(), Ordering::SeqCst);
}

/// A panic must not leave an extern "C" function: newproc's frames are below it.
extern "C" fn main_goroutine(arg: *mut c_void) {
    let shared = unsafe { &*(arg as *const Goroutines) };
    for _ in 0..3 {
        (shared.newproc)(std::ptr::null_mut(), worker, arg, std::ptr::null_mut());
    }
    while shared.sum.load(Ordering::SeqCst) < 2 + 3 + 4 {
        (shared.gosched)();
    }
}

fn main() {
    let path = CString::new(std::env::args().nth(1).unwrap_or("libnewproc.so.1".into())).unwrap();
    let library = unsafe { dlopen(path.as_ptr(), RTLD_NOW) };
    assert!(!library.is_null(), "{}", text(unsafe { dlerror() }));
    let last_error: extern "C" fn() -> *const c_char = find(library, "rt_last_error");
    let check = |status: c_int| assert_eq!(status, 0, "{}", text(last_error()));

    let parse: extern "C" fn(*const u8, usize, *mut *mut c_void) -> c_int = find(library, "rt_pattern_parse");
    let run: extern "C" fn(*const c_void, *const c_void, *const c_void, c_int, *mut *mut RtResult) -> c_int =
        find(library, "rt_pattern_run");
    let result_free: extern "C" fn(*mut RtResult) = find(library, "rt_result_free");
    let pattern_free: extern "C" fn(*mut c_void) = find(library, "rt_pattern_free");
    let json = br#"{"bodies": [[["go", 1], ["go", 1], ["snap"], ["yield"]], [["mark", 7]]]}"#;
    let (mut pattern, mut result) = (std::ptr::null_mut(), std::ptr::null_mut());
    check(parse(json.as_ptr(), json.len(), &mut pattern));
    check(run(pattern, std::ptr::null(), std::ptr::null(), 0, &mut result));
    let log = unsafe { std::slice::from_raw_parts((*result).log, (*result).log_len) };
    print!("{}", String::from_utf8_lossy(log));
    result_free(result);
    pattern_free(pattern);

    let new: extern "C" fn(*const c_void, *mut *mut c_void) -> c_int = find(library, "rt_new");
    let start: extern "C" fn(*mut c_void, Func, *mut c_void, *mut c_void) -> c_int = find(library, "rt_start_main");
    let delete: extern "C" fn(*mut c_void) -> c_int = find(library, "rt_delete");
    let mut shared = Goroutines {
        newproc: find(library, "rt_newproc"),
        gosched: find(library, "rt_gosched"),
        goid: find(library, "rt_goid"),
        sum: AtomicU64::new(0),
    };
    let mut runtime = std::ptr::null_mut();
    check(new(std::ptr::null(), &mut runtime));
    check(start(runtime, main_goroutine, &mut shared as *mut Goroutines as *mut c_void, std::ptr::null_mut()));
    check(delete(runtime));
    println!("goroutines 2, 3 and 4 sum up to {}", shared.sum.load(Ordering::SeqCst));
}
