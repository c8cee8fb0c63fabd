import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 random bits, as they can stand in an address. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/** Takes as long for a secret that begins right as for any other. */
export const isSecret = (given: string, secret: string): boolean => timingSafeEqual(digest(given), digest(secret));

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
