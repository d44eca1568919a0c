// Stripe's minimum and maximum charge by currency, in minor units, copied from its documentation.
// Deliberately not shared with the services, so that a wrong limit of theirs is refused here.
// https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts

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
 * Fallback minimum: for currencies that the table does not list, Stripe requires the equivalent of 0.50 USD.
 * The sandbox has no exchange rates and accepts any positive amount.
 */
export const leastCharge = (currency: string): number => least[currency] ?? 1

/** Eight digits, in every currency that the sandbox supports. */
export const MOST_CHARGE = 99_999_999
