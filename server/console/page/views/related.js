// Which requests belong together: those of one transaction id, and those of one session. Pure.

/** The requests that belong to one, itself included, in the order in which they were made. */
export function relatedTo(request, requests) {
  const { xid, thread } = request;
  return [...requests].filter((one) => (xid !== '' && one.xid === xid) || one.thread === thread).sort((a, b) => a.at - b.at);
}

/** How deep each of them is nested: a request that a worker makes while it works on another one stands below that. By number. */
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
