// Messages of their own, no frames: is anybody there? The platform answers for the cell's object, which sleeps on.

export const HEARTBEAT = 'ping';
export const HEARTBEAT_REPLY = 'pong';
