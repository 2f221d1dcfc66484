/**
 * Counts the instances of WebAssembly modules, and the requests, that anybody makes from now on.
 * @module
 */

/** Starts counting. The returned counts are live. */
export function startWatching() {
  const watch = { instances: 0, requests: 0, stopCountingRequests: () => {} };
  const { Instance, instantiate, instantiateStreaming } = WebAssembly;
  WebAssembly.Instance = new Proxy(Instance, {
    construct(target, args) {
      watch.instances += 1;
      return Reflect.construct(target, args);
    },
  });
  const counting =
    (original) =>
    (...args) => {
      watch.instances += 1;
      return original.apply(WebAssembly, args);
    };
  WebAssembly.instantiate = counting(instantiate);
  if (instantiateStreaming !== undefined) {
    WebAssembly.instantiateStreaming = counting(instantiateStreaming);
  }
  countRequests(watch);
  return watch;
}

function countRequests(watch) {
  const { fetch } = globalThis;
  if (fetch === undefined) {
    return;
  }
  globalThis.fetch = (...args) => {
    watch.requests += 1;
    return fetch.apply(globalThis, args);
  };
  watch.stopCountingRequests = () => {
    globalThis.fetch = fetch;
  };
}
