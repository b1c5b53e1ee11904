// The trace of a request: what belongs to it over all services, what waits for what, and which of it took the time. Pure functions.

const EVERYTHING = Number.POSITIVE_INFINITY;

function endOf({ at, durationMs }) {
  return durationMs === null ? EVERYTHING : at + durationMs;
}

/** Whether a worker was busy with the one when it sent the other. */
function waitsFor(parent, child) {
  return parent !== child && parent.worker === child.client && parent.at <= child.at && child.at <= endOf(parent);
}

/**
 * The request that one was sent for. A request without a transaction id has one only if its worker was busy with just one request; that is probable, not certain.
 * @returns `{parent, isProbable}` or null.
 */
function parentOf(child, byWorker) {
  const busy = (byWorker.get(child.client) ?? []).filter((one) => waitsFor(one, child));
  const sure = busy.findLast((one) => one.xid === child.xid && child.xid !== '');
  if (sure !== undefined) return { parent: sure, isProbable: false };
  return child.xid === '' && busy.length === 1 ? { parent: busy[0], isProbable: true } : null;
}

function groupedByWorker(requests) {
  const groups = new Map();
  for (const one of requests) {
    const others = groups.get(one.worker);
    if (others === undefined) groups.set(one.worker, [one]);
    else others.push(one);
  }
  return groups;
}

/**
 * The trace of a request.
 * @param all All known requests. @returns `{request, parent, depth, isProbable, isCritical, waitMs}` for each, children below their parents.
 */
export function traceOf(request, all) {
  const requests = [...all].sort((a, b) => a.at - b.at);
  const byWorker = groupedByWorker(requests);
  let root = request;
  for (let found = parentOf(root, byWorker); found !== null; found = parentOf(root, byWorker)) root = found.parent;
  const { xid, thread } = root;
  const isSeed = (one) => one === root || one === request || (xid !== '' && one.xid === xid) || one.thread === thread;
  const seeds = requests.filter(isSeed);
  const [from, to] = [seeds[0].at, Math.max(...seeds.map(endOf))];
  const nodes = new Map();
  for (const one of requests.filter(({ at }) => at >= from && at <= to)) {
    const found = parentOf(one, byWorker);
    if (isSeed(one) || nodes.has(found?.parent)) nodes.set(one, { request: one, isProbable: false, ...found, parent: found?.parent ?? null, children: [] });
  }
  for (const node of nodes.values()) nodes.get(node.parent)?.children.push(node);
  const critical = criticalPath(nodes.get(root));
  const rows = [];
  const add = (node, depth) => {
    const { children, ...row } = node;
    rows.push({ ...row, depth, isCritical: critical.size > 1 && critical.has(node), waitMs: waitOf(node, byWorker) });
    for (const child of children) add(child, depth + 1);
  };
  for (const node of nodes.values()) if (!nodes.has(node.parent)) add(node, 0);
  return rows;
}

/** From the end backwards: the child that ended last, then the one that ended before that began. */
function criticalPath(node, path = new Set()) {
  path.add(node);
  let until = endOf(node.request);
  for (const child of [...node.children].sort((a, b) => endOf(b.request) - endOf(a.request))) {
    if (endOf(child.request) > until) continue;
    criticalPath(child, path);
    until = child.request.at;
  }
  return path;
}

/** At least how long it waited for a worker, in milliseconds: the worker that answered was busy with another request. */
function waitOf({ request, children }, byWorker) {
  const { at, worker, listener } = request;
  if (worker === '' || listener === '') return 0;
  const begun = Math.min(endOf(request), at + (request.firstAnswerMs ?? EVERYTHING), ...children.map((child) => child.request.at));
  const ends = byWorker
    .get(worker)
    .filter((one) => one !== request && one.at < at)
    .map(endOf);
  return Math.max(0, ...ends.filter((end) => end <= begun).map((end) => end - at));
}
