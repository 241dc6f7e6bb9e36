package rr

import (
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

func TestStatisticsCountWhatWasDone(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	ctx := ctxOf(t)
	must(t, c.Set(ctx, "k", "v", 0))
	_, err := c.LPush(ctx, "k", 1)
	isError(t, err, ErrServer, OutcomeNotApplied)
	stats := got(c.Stats())(t)
	same(t, "commands", stats.Commands, 2)
	same(t, "errors of the server", stats.ServerErrors, 1)
	same(t, "connections", stats.Connects, 1)
	if stats.BytesWritten == 0 || stats.LongestCall == 0 {
		t.Errorf("%+v", stats)
	}
}

func TestTheMetricsAreTextForPrometheus(t *testing.T) {
	t.Parallel()
	_, c := started(t, "client_name=shop")
	must(t, c.Ping(ctxOf(t)))
	text := got(c.Metrics())(t)
	if !strings.Contains(text, `client="shop"`) || !strings.Contains(text, "# TYPE ") {
		t.Errorf("%s", text)
	}
	samples := 0
	for _, line := range strings.Split(text, "\n") {
		if strings.Contains(line, `{client="shop"} `) {
			samples++
		}
	}
	if fields := reflect.TypeOf(Stats{}).NumField(); samples < fields {
		t.Errorf("%d samples, and %d statistics", samples, fields)
	}
	handler := c.MetricsHandler()
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	body, _ := io.ReadAll(answer.Body)
	same(t, "the status", answer.Code, http.StatusOK)
	same(t, "the type", answer.Header().Get("Content-Type"), "text/plain; version=0.0.4")
	if !strings.Contains(string(body), `client="shop"`) {
		t.Errorf("%s", body)
	}
	must(t, c.Close())
	answer = httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	same(t, "the status when it is closed", answer.Code, http.StatusServiceUnavailable)
	isError(t, second(c.Stats()), ErrClosed, OutcomeNotApplied)
	isError(t, second(c.Metrics()), ErrClosed, OutcomeNotApplied)
}
