/**
 * What is used of `fs-native-extensions`, which brings no types of its own.
 * @module
 */

declare module "fs-native-extensions" {
  /** Takes an exclusive lock on a whole file, unless another open file has one. */
  export function tryLock(fd: number): boolean;
}
