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
	"W6":      w6,
	"W7":      func() int { return locks(1000, false) },
	"W7y":     func() int { return locks(100, true) },
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
	workload, ok := workloads[os.Args[1]]
	if !ok {
		fmt.Println("UNSUPPORTED")
		return
	}
	runtime.GOMAXPROCS(workers)
	var ns [2]float64 // cold, warm
	for round := range ns {
		start := time.Now()
		operations := workload()
		ns[round] = float64(time.Since(start).Nanoseconds()) / float64(operations)
	}
	fmt.Printf("RESULT %s %d cold=%.2f warm=%.2f\n", os.Args[1], workers, ns[0], ns[1])
}
