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

var workloads = map[string]func() int{
	"W1":      w1,
	"W1b":     w1b,
	"W2_2":    func() int { return yields(2, 5_000_000) },
	"W2_1000": func() int { return yields(1000, 5_000_000) },
	"W5us":    w5us,
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
