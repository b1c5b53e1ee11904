// Uploads an artifact of the job, by the calls that actions/upload-artifact makes: GitHub lets no action of JavaScript use another action.
import { createHash } from 'node:crypto';
import { zip } from './zip.js';

const SERVICE = '/twirp/github.actions.results.api.v1.ArtifactService/';

/** @param files `{ name, content }`. @throws Error with the reason. */
export async function uploadArtifact(name, files) {
  const { ACTIONS_RESULTS_URL: url, ACTIONS_RUNTIME_TOKEN: token } = process.env;
  if (!url || !token) throw new Error('the runner offers no artifacts');
  const call = async (method, body) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(new URL(SERVICE + method, url), { method: 'POST', headers, body: JSON.stringify({ ...idsIn(token), name, ...body }) });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok || answer.ok === false) throw new Error(`${method}: ${response.status} ${answer.msg ?? ''}`);
    return answer;
  };
  const created = await call('CreateArtifact', { version: 4 });
  const content = zip(files);
  const put = { method: 'PUT', headers: { 'x-ms-blob-type': 'BlockBlob', 'content-type': 'application/zip' }, body: content };
  const { ok, status } = await fetch(created.signed_upload_url ?? created.signedUploadUrl, put);
  if (!ok) throw new Error(`upload: ${status}`);
  const hash = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  await call('FinalizeArtifact', { size: String(content.length), hash });
}

/** The ids of run and job, in the token's scope `Actions.Results:RUN:JOB`. */
function idsIn(token) {
  const { scp = '' } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString() || '{}');
  const [, run, job] = /(?:^| )Actions\.Results:([^: ]+):([^: ]+)/.exec(scp) ?? [];
  if (job === undefined) throw new Error('the token names no job');
  return { workflow_run_backend_id: run, workflow_job_run_backend_id: job };
}
