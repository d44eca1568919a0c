// What Stripe charges at least and at most, by currency, in its smallest unit, as its documentation has it:
// typed from there, and not shared with whoever calls us, so that a figure of theirs that is wrong is refused
// here. https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts

const least: Readonly<Record<string, number>> = {
  aed: 200,
  aud: 50,
  bgn: 100,
  brl: 50,
  cad: 50,
  chf: 50,
  czk: 1_500,
  dkk: 250,
  eur: 50,
  gbp: 30,
  hkd: 400,
  huf: 17_500,
  inr: 50,
  jpy: 50,
  mxn: 1_000,
  myr: 200,
  nok: 300,
  nzd: 50,
  pln: 200,
  ron: 200,
  sek: 300,
  sgd: 50,
  thb: 1_000,
  usd: 50,
}

/**
 * Of a currency that the table does not name, the worth of 0.50 USD counts: the sandbox, which knows no
 * rates, takes what is not nothing.
 */
export const leastCharge = (currency: string): number => least[currency] ?? 1

/** Eight digits, of any currency that the sandbox knows. */
export const MOST_CHARGE = 99_999_999
