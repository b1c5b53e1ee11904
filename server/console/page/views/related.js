// Related requests: those with the same transaction id, and those of the same session. Pure functions.

/** The requests related to one, itself included, in chronological order. */
export function relatedTo(request, requests) {
  const { xid, thread } = request;
  return [...requests].filter((one) => (xid !== '' && one.xid === xid) || one.thread === thread).sort((a, b) => a.at - b.at);
}

/** The nesting depth of each request, by number: a request that a worker sends while it processes another one is nested in that. */
export function depthsOf(related) {
  const depths = new Map();
  for (const request of related) {
    const parent = related.findLast((one) => one !== request && isParent(one, request) && depths.has(one.id));
    depths.set(request.id, parent === undefined ? 0 : depths.get(parent.id) + 1);
  }
  return depths;
}

function isParent(parent, child) {
  const end = parent.durationMs === null ? Number.POSITIVE_INFINITY : parent.at + parent.durationMs;
  return parent.worker === child.client && parent.at <= child.at && child.at <= end;
}
