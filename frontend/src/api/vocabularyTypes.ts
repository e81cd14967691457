/* The words and parameters that pages offer; names are the API's. */

export type ParameterValue = number | boolean | string | null;

export interface Parameter {
  name: string;
  kind: string;
  default: ParameterValue;
  nullable: boolean;
  minimum: number | null;
  maximum: number | null;
  /** Of a parameter of kind "choice". */
  choices: string[];
  unit: string;
  help: string;
}

export interface LabelWord {
  name: string;
  /** A target with this label is not imaged. */
  excludes: boolean;
}

export interface Vocabulary {
  hole_types: { name: string; diameter_um: number | null; pitch_um: number | null }[];
  meshes: { name: string; opening_um: number; bar_um: number }[];
  mesh_materials: string[];
  square_labels: LabelWord[];
  hole_labels: LabelWord[];
  exposure_labels: LabelWord[];
  parameters: Parameter[];
}
