/** Whether the table follows its end, and how many rows came since it does not. */

export interface FollowState {
  readonly isFollowing: boolean;
  /** Rows of the view when following stopped. */
  readonly seenCount: number;
}

/** A view starts at its end, as a log does. */
export const following: FollowState = { isFollowing: true, seenCount: 0 };

/** The person scrolled: at the end they follow, anywhere else they do not. */
export function afterUserScroll(state: FollowState, isAtEnd: boolean, rowCount: number): FollowState {
  if (isAtEnd) return state.isFollowing ? state : { isFollowing: true, seenCount: rowCount };
  return state.isFollowing ? { isFollowing: false, seenCount: rowCount } : state;
}

/** `f`: on goes to the end, off stays where it is. */
export function toggled(state: FollowState, rowCount: number): FollowState {
  return { isFollowing: !state.isFollowing, seenCount: rowCount };
}

/** A view with another filter, scope or order has no old rows to count from. */
export function afterNewView(state: FollowState, rowCount: number): FollowState {
  return { isFollowing: state.isFollowing, seenCount: rowCount };
}

/** The number of the footer strip "n new"; nothing is new while the end is in sight. */
export function newCount(state: FollowState, rowCount: number): number {
  return state.isFollowing ? 0 : Math.max(0, rowCount - state.seenCount);
}
