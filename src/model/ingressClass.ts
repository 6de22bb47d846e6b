import type { Resource } from './resource.ts'

/** Classes of Ingresses that Rutter serves; it serves those without a class too. */
export const ownClasses: readonly string[] = ['rutter', 'istio']

/** The class that `ingress` names, also in the way of before `ingressClassName`. */
export const classOf = ({ metadata, spec }: Resource<'Ingress'>): string | undefined =>
  spec.ingressClassName ?? metadata.annotations?.['kubernetes.io/ingress.class']

/** Whether Rutter serves `ingress`. */
export const isOwnClass = (ingress: Resource<'Ingress'>): boolean => {
  const its = classOf(ingress)
  return its === undefined || ownClasses.includes(its)
}
