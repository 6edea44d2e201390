package terminal

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// patience is how long something may take before it is said that it goes on.
const patience = time.Second

// Progress tells on Err that something goes on, once it has taken a second: on a terminal
// with the seconds that it takes, elsewhere in one line. The function that it returns ends
// that, and is to be called once.
func (t *Terminal) Progress(what string) (done func()) {
	var owner sync.WaitGroup
	stop := make(chan struct{})
	owner.Go(func() { t.tick(what, stop) })
	return sync.OnceFunc(func() {
		close(stop)
		owner.Wait()
	})
}

func (t *Terminal) tick(what string, stop <-chan struct{}) {
	began := time.Now()
	ticker := time.NewTicker(patience)
	defer ticker.Stop()
	width := 0
	for {
		select {
		case <-stop:
			if width > 0 {
				_, _ = fmt.Fprintf(t.Err, "\r%s\r", strings.Repeat(" ", width))
			}
			return
		case <-ticker.C:
		}
		if !t.ErrTerminal {
			t.Notef("%s …", what)
			<-stop
			return
		}
		line := fmt.Sprintf("%s … %ds", what, int(time.Since(began).Seconds()))
		width = max(width, len(line))
		_, _ = fmt.Fprint(t.Err, "\r"+line)
	}
}
