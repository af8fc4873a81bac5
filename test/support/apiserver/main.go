// A kube-apiserver on an etcd of its own, in one process. It runs for as long as its standard input is open, so it cannot
// outlive the test that started it. Nothing is synced to the disk: what is written survives a kill, not a power cut.
//
//	apiserver DIRECTORY [flag of kube-apiserver]...
package main

import (
	"fmt"
	"io"
	"os"

	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: apiserver DIRECTORY [flag of kube-apiserver]...")
		os.Exit(2)
	}
	go endWithParent()
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(directory string, flags []string) error {
	address, err := startEtcd(directory)
	if err != nil {
		return err
	}
	command := app.NewAPIServerCommand()
	command.SetArgs(append(flags, "--etcd-servers="+address))
	return command.Execute()
}

func endWithParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}
