// The workloads of ../workloads.hpp on Go's own scheduler: what every number is a ratio to.
//
//	bench WORKLOAD WORKERS   prints RESULT <workload> <workers> cold=<ns/op> warm=<ns/op>
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

var (
	counter atomic.Uint64
	sink    atomic.Uint64
)

func spawnAndWait(n int) {
	var wg sync.WaitGroup
	wg.Add(n)
	for i := 0; i < n; i++ {
		go func() {
			counter.Add(1)
			wg.Done()
		}()
	}
	wg.Wait()
}

func w1() int {
	spawnAndWait(1_000_000)
	return 1_000_000
}

func w1b() int {
	for batch := 0; batch < 10_000; batch++ {
		spawnAndWait(100)
	}
	return 1_000_000
}

func yields(goroutines, switches int) int {
	each := switches / goroutines
	var wg sync.WaitGroup
	wg.Add(goroutines)
	for i := 0; i < goroutines; i++ {
		go func() {
			for j := 0; j < each; j++ {
				runtime.Gosched()
			}
			wg.Done()
		}()
	}
	wg.Wait()
	return each * goroutines
}

func compute(steps int) uint64 {
	x := uint64(1)
	for i := 0; i < steps; i++ {
		x = x*6364136223846793005 + 1442695040888963407
	}
	return x
}

func w5us() int {
	const goroutines = 40_000
	steps, err := strconv.Atoi(os.Getenv("BENCH_5US_STEPS"))
	if err != nil {
		steps = 4000
	}
	var wg sync.WaitGroup
	wg.Add(goroutines)
	for i := 0; i < goroutines; i++ {
		go func() {
			sink.Add(compute(steps))
			wg.Done()
		}()
	}
	wg.Wait()
	return goroutines
}

func w3() int {
	const n = 1_000_000
	a, b := make(chan int), make(chan int)
	go func() {
		for i := 0; i < n; i++ {
			b <- <-a + 1
		}
	}()
	v := 0
	for i := 0; i < n; i++ {
		a <- v
		v = <-b
	}
	expect(v, n, "W3")
	return n
}

func skynet(out chan int, num, size int) {
	if size == 1 {
		out <- num
		return
	}
	in := make(chan int)
	for i := 0; i < 10; i++ {
		go skynet(in, num+i*(size/10), size/10)
	}
	sum := 0
	for i := 0; i < 10; i++ {
		sum += <-in
	}
	out <- sum
}

func w4() int {
	const leaves = 1_000_000
	out := make(chan int)
	go skynet(out, 0, leaves)
	expect(<-out, leaves*(leaves-1)/2, "W4")
	return leaves
}

type skyJoin struct {
	up        *sync.WaitGroup
	num, size int
}

func skynetJoin(sky *skyJoin) {
	if sky.size > 1 {
		var all sync.WaitGroup
		var children [10]skyJoin
		all.Add(10)
		size := sky.size / 10
		for i := range children {
			children[i] = skyJoin{&all, sky.num + i*size, size}
			go skynetJoin(&children[i])
		}
		all.Wait()
		sky.num = 0
		for i := range children {
			sky.num += children[i].num
		}
	}
	sky.up.Done()
}

func w4j() int {
	const leaves = 1_000_000
	var all sync.WaitGroup
	all.Add(1)
	top := skyJoin{&all, 0, leaves}
	go skynetJoin(&top)
	all.Wait()
	expect(top.num, leaves*(leaves-1)/2, "W4j")
	return leaves
}

// Resident bytes, second field of /proc/self/statm.
func rss() float64 {
	text, err := os.ReadFile("/proc/self/statm")
	var total, resident int
	if err == nil {
		_, err = fmt.Sscan(string(text), &total, &resident)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return float64(resident * os.Getpagesize())
}

func w5() float64 {
	const goroutines = 100_000
	release := make(chan int)
	var ready, done sync.WaitGroup
	ready.Add(goroutines)
	done.Add(goroutines)
	before := rss()
	for i := 0; i < goroutines; i++ {
		go func() {
			ready.Done()
			<-release
			done.Done()
		}()
	}
	ready.Wait()
	bytes := (rss() - before) / goroutines
	close(release)
	done.Wait()
	return bytes
}

func cpuNs() float64 {
	var t syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &t); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return float64(t.Utime.Nano() + t.Stime.Nano())
}

func w8() float64 {
	const sleepers, stride = 100_000, 7919
	var all sync.WaitGroup
	all.Add(sleepers)
	before := cpuNs()
	for i := 0; i < sleepers; i++ {
		d := time.Duration(i*stride%sleepers) * time.Microsecond
		go func() {
			time.Sleep(d)
			all.Done()
		}()
	}
	all.Wait()
	return (cpuNs() - before) / sleepers
}

func w6() int {
	const producers, consumers, items = 100, 100, 1_000_000
	c := make(chan int, 100)
	var pw, cw sync.WaitGroup
	var total atomic.Int64
	pw.Add(producers)
	cw.Add(consumers)
	for i := 0; i < consumers; i++ {
		go func() {
			sum := 0
			for v := range c {
				sum += v
			}
			total.Add(int64(sum))
			cw.Done()
		}()
	}
	for i := 0; i < producers; i++ {
		go func() {
			for k := 0; k < items/producers; k++ {
				c <- 1
			}
			pw.Done()
		}()
	}
	pw.Wait()
	close(c)
	cw.Wait()
	expect(int(total.Load()), items, "W6")
	return items
}

func locks(each int, yielding bool) int {
	const goroutines = 1000
	var mu sync.Mutex
	var wg sync.WaitGroup
	count := 0
	wg.Add(goroutines)
	for i := 0; i < goroutines; i++ {
		go func() {
			for k := 0; k < each; k++ {
				mu.Lock()
				count++
				if yielding {
					runtime.Gosched()
				}
				mu.Unlock()
			}
			wg.Done()
		}()
	}
	wg.Wait()
	expect(count, goroutines*each, "W7")
	return goroutines * each
}

func expect(is, should int, workload string) {
	if is != should {
		fmt.Fprintf(os.Stderr, "%s: %d, not %d\n", workload, is, should)
		os.Exit(1)
	}
}

var workloads = map[string]func() int{
	"W1":      w1,
	"W1b":     w1b,
	"W2_2":    func() int { return yields(2, 5_000_000) },
	"W2_1000": func() int { return yields(1000, 5_000_000) },
	"W5us":    w5us,
	"W3":      w3,
	"W4":      w4,
	"W4j":     w4j,
	"W6":      w6,
	"W7":      func() int { return locks(1000, false) },
	"W7y":     func() int { return locks(100, true) },
}

// What is not measured by the clock on the wall; each returns its number for one goroutine.
var gauges = map[string]func() float64{"W5": w5, "W8": w8}

// A round of a workload as a number: ns of the clock on the wall for one operation, or what a gauge says.
func roundOf(name string) func() float64 {
	if gauge, ok := gauges[name]; ok {
		return gauge
	}
	workload, ok := workloads[name]
	if !ok {
		return nil
	}
	return func() float64 {
		start := time.Now()
		operations := workload()
		return float64(time.Since(start).Nanoseconds()) / float64(operations)
	}
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: bench WORKLOAD WORKERS")
		os.Exit(2)
	}
	workers, err := strconv.Atoi(os.Args[2])
	if err != nil || workers < 1 {
		fmt.Fprintln(os.Stderr, "WORKERS is a number above zero, not", os.Args[2])
		os.Exit(2)
	}
	round := roundOf(os.Args[1])
	if round == nil {
		fmt.Println("UNSUPPORTED")
		return
	}
	runtime.GOMAXPROCS(workers)
	cold := round()
	warm := cold
	if os.Args[1] != "W5" { // memory that was resident once stays so
		warm = round()
	}
	fmt.Printf("RESULT %s %d cold=%.2f warm=%.2f\n", os.Args[1], workers, cold, warm)
}
