import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { expositionFor } from '../server/control/metrics/exposition.ts';
import { posted, startControlledServer, startMath } from './support/control.ts';

const OPENMETRICS = 'application/openmetrics-text; version=1.0.0';

/** The metrics of a server with traffic in it. */
async function scraped(t: TestContext, accept: string) {
  const started = await startControlledServer(t);
  await startMath(t, started, 1);
  const scrape = () => started.call('/metrics', { headers: { Accept: accept } });
  await scrape();
  await started.json('/api/v1/call', posted({ service: 'opensrf.math', method: 'add', params: [2, 3] }));
  const response = await scrape();
  return { type: response.headers.get('content-type'), text: await response.text() };
}

/** Debian's packages are for its own Python, which another may hide. */
const PYTHON = ['/usr/bin/python3', 'python3'].find((program) => spawnSync(program, ['-c', 'import prometheus_client']).status === 0);

test('a client gets the format that it prefers, and Prometheus’ text if it does not care', () => {
  const cases: [accept: string, expected: string][] = [
    ['', 'prometheus'],
    ['*/*', 'prometheus'],
    ['text/html, */*;q=0.8', 'prometheus'],
    ['text/plain', 'prometheus'],
    [OPENMETRICS, 'openmetrics'],
    ['application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1', 'openmetrics'],
    ['text/plain;q=0.8, application/openmetrics-text;q=0.3', 'prometheus'],
    ['application/openmetrics-text;q=0', 'prometheus'],
    ['application/openmetrics-text;q=x', 'prometheus'],
  ];
  for (const [accept, expected] of cases) assert.equal(expositionFor(accept), expected, accept);
});

test('in Prometheus’ text a counter is named as its samples are, and there is no end mark', async (t) => {
  const { type, text } = await scraped(t, '*/*');
  assert.equal(type, 'text/plain; version=0.0.4; charset=utf-8');
  assert.match(text, /^# TYPE opensrf_chopchop_logins_total counter\nopensrf_chopchop_logins_total \d+$/m);
  assert.ok(!text.includes('# EOF'));
});

test('promtool finds nothing wrong with the text', { skip: spawnSync('promtool', ['--version']).status === 0 ? false : 'promtool is not here' }, async (t) => {
  const { text } = await scraped(t, 'text/plain');
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  assert.deepEqual([status, stdout + stderr], [0, '']);
});

test('the parser of prometheus_client reads OpenMetrics', { skip: PYTHON === undefined ? 'prometheus_client is not here' : false }, async (t) => {
  const { type, text } = await scraped(t, OPENMETRICS);
  assert.equal(type, `${OPENMETRICS}; charset=utf-8`);
  const parse = 'import sys; from prometheus_client.openmetrics.parser import text_string_to_metric_families as read; print(len(list(read(sys.stdin.read()))))';
  const { status, stdout, stderr } = spawnSync(PYTHON as string, ['-c', parse], { input: text, encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, '']);
  assert.ok(Number(stdout) > 30);
});

test('the dashboard has a panel for each metric of the server', async (t) => {
  const { text } = await scraped(t, '*/*');
  const dashboard = readFileSync(new URL('../../docs/grafana-dashboard.json', import.meta.url), 'utf8');
  const names = Array.from(text.matchAll(/^# TYPE (opensrf_chopchop_\S+)/gm), ([, name]) => name as string);
  assert.ok(names.length > 25);
  assert.deepEqual(
    names.filter((name) => !dashboard.includes(name)),
    [],
  );
});
