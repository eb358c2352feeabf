import { Icon, type IconName } from './icon.tsx';

/** A state of the machine itself, seen from afar. */
export const SystemPicture = ({ icon }: { readonly icon: IconName }) => (
  <div className="system-picture" aria-hidden="true">
    <Icon name={icon} />
  </div>
);
