// The workloads of speed.cpp in Go: newprocbench WORKLOAD PS.
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

var counted atomic.Int64

func spawnWait(n int) int {
	var wg sync.WaitGroup
	wg.Add(n)
	for i := 0; i < n; i++ {
		go func() { counted.Add(1); wg.Done() }()
	}
	wg.Wait()
	return n
}

func yields(n int) int {
	var wg sync.WaitGroup
	wg.Add(n)
	per := 5000000 / n
	for i := 0; i < n; i++ {
		go func() {
			for j := 0; j < per; j++ {
				runtime.Gosched()
			}
			wg.Done()
		}()
	}
	wg.Wait()
	return per * n
}

func compute() int {
	var wg sync.WaitGroup
	wg.Add(100000)
	for i := 0; i < 100000; i++ {
		go func() {
			for t := time.Now(); time.Since(t) < 5*time.Microsecond; {
			}
			wg.Done()
		}()
	}
	wg.Wait()
	return 100000
}

func run(name string) int {
	switch name {
	case "W1":
		return spawnWait(1000000)
	case "W1b":
		for i := 0; i < 10000; i++ {
			spawnWait(100)
		}
		return 1000000
	case "W2_2":
		return yields(2)
	case "W2_1000":
		return yields(1000)
	case "W5us":
		return compute()
	}
	fmt.Fprintln(os.Stderr, "no workload", name)
	os.Exit(64)
	return 0
}

func main() {
	procs, _ := strconv.Atoi(os.Args[2])
	runtime.GOMAXPROCS(procs)
	var cold, best float64
	for i := 0; i <= 3; i++ {
		t := time.Now()
		n := run(os.Args[1])
		each := float64(time.Since(t).Nanoseconds()) / float64(n)
		if i == 0 {
			cold = each
		}
		if i == 1 || (i > 1 && each < best) {
			best = each
		}
	}
	fmt.Printf("RESULT %s %s cold=%.2f warm=%.2f\n", os.Args[1], os.Args[2], cold, best)
}
