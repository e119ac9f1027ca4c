// Speaks to the server's JSON API, and tells "it said no" from "it could not be reached".

const PATIENCE_MS = 20_000;
const TRY_LATER = new Set([408, 425, 429]);

/** The server was not reached, or was not able to answer: the same request may be tried again. */
export class Unreachable extends Error {}

/** The server understood and refused; `code` is the problem's code. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.message ?? problem.title ?? `The server refused (${status}).`);
    this.status = status;
    this.code = problem.code ?? "";
    this.problem = problem;
  }
}

/** Return `call(method, path, body)`: the answer's JSON, null for "nothing there". */
export function connect(base) {
  return async function call(method, path, body, { keepalive = false } = {}) {
    let response;
    try {
      response = await fetch(base + path, {
        method,
        keepalive,
        credentials: "same-origin",
        headers: {
          Accept: "application/json, application/problem+json",
          "Content-Type": "application/json",
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      if (response.status === 204) return null;
      const answer = await response.json();
      if (response.ok) return answer;
      if (response.status < 500 && !TRY_LATER.has(response.status))
        throw new Refused(response.status, answer);
    } catch (error) {
      if (error instanceof Refused) throw error;
      throw new Unreachable("The server could not be reached.", { cause: error });
    }
    throw new Unreachable(`The server could not answer (${response.status}).`);
  };
}
