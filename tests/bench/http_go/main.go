// The hello server with net/http: http_go PORT; GOMAXPROCS is the number of Ps.
package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Date"] = nil // the others send none
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, "hello\n")
	})
	server := http.Server{Addr: "127.0.0.1:" + os.Args[1], Handler: handler, ReadTimeout: 30 * time.Second}
	log.Fatal(server.ListenAndServe())
}
