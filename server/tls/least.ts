/** The least version of TLS that the server speaks (MHLW 6.0 Control 13: high security; RFC 8446). */
export const leastTls = 'TLSv1.3' as const;
