/**
 * The caches that people take from the registry for the job, each as its documentation suggests.
 *
 * A library is loaded when it is opened, so that no measurement has another's code in its process.
 * @module
 */

/** It reads its clock for each key that it sets, and at most once a millisecond's timer to judge. */
export async function openLruCache({ size, retentionMs }) {
  const { LRUCache } = await import("lru-cache");
  const cache = new LRUCache({ max: size, ttl: retentionMs });
  return {
    check(key) {
      if (cache.has(key)) {
        return false;
      }
      cache.set(key, true);
      return true;
    },
  };
}

/** It drops half of what it holds when `maxSize` is reached, so one more keeps all in one map. */
export async function openQuickLru({ size, retentionMs }) {
  const { default: QuickLRU } = await import("quick-lru");
  const cache = new QuickLRU({ maxSize: size + 1, maxAge: retentionMs });
  return {
    check(key) {
      if (cache.has(key)) {
        return false;
      }
      cache.set(key, true);
      return true;
    },
  };
}

/** It forgets by a timer; `has` does not look at the age unless it is told to, which costs more. */
export async function openTtlCache({ size, retentionMs }) {
  const { TTLCache } = await import("@isaacs/ttlcache");
  const cache = new TTLCache({ max: size, ttl: retentionMs });
  return {
    check(key) {
      if (cache.has(key)) {
        return false;
      }
      cache.set(key, true);
      return true;
    },
    // Its timer would keep it alive.
    close: () => cache.clear(),
  };
}

/** It knows no time, so the time is its value. `peek` leaves the order as it is, oldest last. */
export async function openLruMap({ size, retentionMs }) {
  const { LRUMap } = await import("mnemonist");
  const cache = new LRUMap(size);
  return {
    check(key) {
      const now = Date.now();
      const time = cache.peek(key);
      if (time !== undefined && now - time <= retentionMs) {
        return false;
      }
      cache.set(key, now);
      return true;
    },
  };
}

/**
 * Only its local cache takes part. Its public face is asynchronous and always asks a store, which is
 * DynamoDB or Redis; before it does, it looks into this cache, as is done here. Hashing the key,
 * which it also does first, is left out in its favour.
 */
export async function openPowertools({ size, retentionMs }) {
  const { IdempotencyConfig, IdempotencyRecordStatus } = await import(
    "@aws-lambda-powertools/idempotency"
  );
  const { BasePersistenceLayer, IdempotencyRecord } = await import(
    "@aws-lambda-powertools/idempotency/persistence"
  );
  const layer = new (class extends BasePersistenceLayer {})();
  const expiresAfterSeconds = Math.ceil(retentionMs / 1000);
  layer.configure({
    config: new IdempotencyConfig({
      useLocalCache: true,
      maxLocalCacheSize: size,
      expiresAfterSeconds,
    }),
  });
  return {
    check(idempotencyKey) {
      if (layer.getFromCache(idempotencyKey) !== undefined) {
        return false;
      }
      const status = IdempotencyRecordStatus.COMPLETED;
      const expiryTimestamp = layer.getExpiryTimestamp();
      layer.saveToCache(new IdempotencyRecord({ idempotencyKey, status, expiryTimestamp }));
      return true;
    },
  };
}
