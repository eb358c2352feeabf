/** Set by the bundler: true in what is shipped, where the switches that Playwright needs are refused. */
declare const __RELEASE__: boolean;
